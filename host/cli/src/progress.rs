//! How far a command got, shown on a terminal.
//!
//! Takes in counts; gives out a line on standard error that is redrawn, and nothing at all where standard error is no
//! terminal.

use std::time::Duration;

use backplane_sdk::types::Timestamp;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Shows how far a command got.
pub struct Meter {
    bar: ProgressBar,
}

impl Default for Meter {
    fn default() -> Meter {
        Meter::new()
    }
}

impl Meter {
    /// A meter of unknown length on standard error, hidden where that is no terminal.
    pub fn new() -> Meter {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(style("{spinner} {human_pos} rows, {rate} {msg}"));
        bar.enable_steady_tick(Duration::from_millis(100));
        Meter { bar }
    }

    /// A meter of so many of something that a word names.
    pub fn of(unit: &str, count: u64) -> Meter {
        let meter = Meter::new();
        meter.expect_of(unit, count);
        meter
    }

    /// A meter that shows nothing.
    pub fn hidden() -> Meter {
        Meter {
            bar: ProgressBar::hidden(),
        }
    }

    /// There will be so many rows.
    pub fn expect(&self, rows: u64) {
        self.expect_of("rows", rows);
    }

    fn expect_of(&self, unit: &str, count: u64) {
        self.bar.set_length(count);
        self.bar.set_style(style(&format!(
            "[{{bar:30}}] {{percent:>3}}% {{human_pos}} {unit}, {{rate}}, {{eta}} left {{msg}}"
        )));
    }

    /// So many rows are done, up to this time on the tape (nanoseconds since the Unix epoch).
    pub fn show(&self, rows: u64, at: i64) {
        self.bar.set_position(rows);
        let time = Timestamp(at).to_string();
        let seconds = time.split('.').next().unwrap_or_default();
        self.bar.set_message(seconds.to_owned());
    }

    /// So much is done.
    pub fn count(&self, rows: u64) {
        self.bar.set_position(rows);
    }

    /// Takes the line away while something else is written.
    pub fn hide_while(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// The templates are constants of this file; one that cannot be read falls back to the library's own.
fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key(
        "rate",
        |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // A line that cannot be drawn is drawn again in a moment.
            let _ = write!(out, "{}/s", HumanCount(state.per_sec() as u64));
        },
    )
}
