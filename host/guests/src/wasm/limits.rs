//! What a sandboxed instance may use.
//!
//! Takes in nothing; gives out numbers with their defaults. Whoever runs a stranger's module sets them, never the module.

use backplane_sdk::descriptor::{Descriptor, Schema};
use serde::{Deserialize, Serialize};

/// The most messages that one call may deliver, whatever the limits say (`docs/wasm.md`).
pub const MESSAGES_PER_CALL_MAX: usize = 1_024;
/// The most messages of one call where nothing is said and batches pay.
const MESSAGES_PER_CALL: usize = 256;

/// What a sandboxed instance may use. None of these changes what a strategy does that stays within them, the size of a
/// batch included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The most bytes of its memory.
    pub memory_bytes: u64,
    /// The most fuel that one message may take; each instruction of a module takes about one. A second of one
    /// processor is some 1,000,000,000.
    pub fuel_per_message: u64,
    /// The fuel that one call with several messages is granted, at most that of one message. It is no limit to a
    /// strategy: where it does not suffice, the messages are delivered singly.
    pub fuel_per_batch: u64,
    /// The most messages of one call, from 1 to [`MESSAGES_PER_CALL_MAX`]; where it is not given, as many as pay
    /// ([`Limits::batch`]).
    pub messages_per_call: Option<usize>,
    /// The most log lines of one call; those beyond are dropped and counted.
    pub log_lines_per_call: u64,
    /// The most log lines of an instance; those beyond are dropped and counted.
    pub log_lines: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_bytes: 256 << 20,
            fuel_per_message: 1_000_000_000,
            fuel_per_batch: 1_000_000_000,
            messages_per_call: None,
            log_lines_per_call: 4_096,
            log_lines: 1_000_000,
        }
    }
}

impl Limits {
    /// Checks that an instance can run within the limits.
    ///
    /// # Errors
    /// Names the first that cannot be, and what would be allowed.
    pub fn check(&self) -> Result<(), String> {
        let ranges = [
            ("memory_bytes", self.memory_bytes, 1 << 16, 1 << 32),
            ("fuel_per_message", self.fuel_per_message, 1, 1 << 60),
            (
                "fuel_per_batch",
                self.fuel_per_batch,
                1,
                self.fuel_per_message,
            ),
            (
                "messages_per_call",
                self.messages_per_call.unwrap_or(1) as u64,
                1,
                MESSAGES_PER_CALL_MAX as u64,
            ),
        ];
        for (name, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(format!(
                    "the limit `{name}` is {value}, but must be from {least} to {most}"
                ));
            }
        }
        Ok(())
    }

    /// The most messages of one call to a strategy. Who hears several at once hears them ahead of the market, which costs
    /// the host a second market for every row; that pays unless best prices, bars and trading statuses are all that is
    /// heard, which are few.
    pub fn batch(&self, descriptor: &Descriptor) -> usize {
        let is_rare =
            |schema| matches!(schema, Schema::BboPrice | Schema::Ohlcv(_) | Schema::Status);
        let hears_little = descriptor.subscriptions.iter().all(|x| is_rare(x.schema));
        let pays = if hears_little { 1 } else { MESSAGES_PER_CALL };
        self.messages_per_call.unwrap_or(pays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_hear_little_hear_it_singly_unless_more_is_asked_for() {
        let bare = || Descriptor::new("some", "1.0.0");
        let little = bare().subscribe(Schema::BboPrice).subscribe(Schema::Status);
        let more = bare().subscribe(Schema::BboPrice).subscribe(Schema::Trades);
        let mut limits = Limits::default();
        assert_eq!([&little, &more].map(|x| limits.batch(x)), [1, 256]);
        limits.messages_per_call = Some(16);
        assert_eq!([&little, &more].map(|x| limits.batch(x)), [16, 16]);
    }

    #[test]
    fn limits_within_which_nothing_can_run_are_refused_by_name() {
        assert_eq!(Limits::default().check(), Ok(()));
        let error = |change: fn(&mut Limits)| {
            let mut limits = Limits::default();
            change(&mut limits);
            limits.check().unwrap_err()
        };
        assert!(
            error(|x| x.memory_bytes = 100)
                .contains("`memory_bytes` is 100, but must be from 65536")
        );
        assert!(error(|x| x.messages_per_call = Some(0)).contains("from 1 to 1024"));
        assert!(error(|x| x.fuel_per_message = 5).contains("`fuel_per_batch` is 1000000000"));
    }
}
