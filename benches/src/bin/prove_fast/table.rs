//! The report as a person reads it.
//!
//! Takes in a report; gives out text.

use std::fmt::{self, Display, Formatter};

use crate::figures::{Bound, Line, Report, Target, Verdict};

/// Width of the column of names.
const NAME: usize = 52;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let machine = &self.machine;
        writeln!(f, "command: {}", self.command)?;
        writeln!(
            f,
            "machine: {}, {} threads, {} GB of memory, load {:.2} at the start",
            machine.processor,
            machine.threads,
            machine.memory >> 30,
            machine.load
        )?;
        writeln!(
            f,
            "figures: processor time of one thread, decoding included in each run, and `wall`, the time that passed, in ns a row; medians of {} rounds, each of all lines",
            self.rounds
        )?;
        for tape in &self.tapes {
            writeln!(
                f,
                "\n{}: {} instruments, {} rows of {} messages; {}",
                tape.name, tape.instruments, tape.rows, tape.messages, tape.what
            )?;
            writeln!(
                f,
                "{:NAME$} {:>7} {:>7} {:>8} {:>8} {:>6} {:>10} {:>9} {:>9} {:>8}  digest",
                "",
                "ns/row",
                "wall",
                "M rows/s",
                "M msg/s",
                "scans",
                "heard",
                "commands",
                "orders",
                "fills"
            )?;
            for line in self.lines.iter().filter(|x| x.tape == tape.name) {
                line.fmt(f)?;
            }
        }
        if !self.left_out.is_empty() {
            writeln!(f, "\nleft out:")?;
            self.left_out
                .iter()
                .try_for_each(|x| writeln!(f, "  {x}"))?;
        }
        writeln!(f, "\ntargets:")?;
        self.targets.iter().try_for_each(|x| x.fmt(f))
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:NAME$} {:7.2} {:7.2} {:8.2} {:8.2} ",
            self.name,
            self.ns_per_row,
            self.wall_ns as f64 / self.rows.max(1) as f64,
            self.million_rows(),
            self.messages_per_second / 1e6
        )?;
        match self.scans {
            Some(scans) => write!(f, "{scans:6.1}")?,
            None => write!(f, "{:>6}", "")?,
        }
        if let Some(counts) = &self.counts {
            let heard = counts.heard.map_or(String::new(), |x| x.to_string());
            write!(
                f,
                " {heard:>10} {:9} {:9} {:8}",
                counts.commands, counts.orders, counts.fills
            )?;
            if let Some(digest) = &counts.digest {
                write!(f, "  {}", &digest[..8])?;
            }
        }
        writeln!(f)
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Met => "met",
            Verdict::Missed => "MISSED",
            Verdict::Shown => "",
            Verdict::NotMeasured => "not measured",
            Verdict::NotJudged => "not judged",
        };
        write!(f, "{verdict:>12}  {}", self.name)?;
        if let Some(value) = self.value {
            write!(f, ": {value:.2} {}", self.unit)?;
        }
        match self.bound {
            Some(Bound::AtLeast(bound)) => write!(f, " (at least {bound}")?,
            Some(Bound::AtMost(bound)) => write!(f, " (at most {bound}")?,
            None => {}
        }
        if let Some(aim) = self.aim {
            write!(f, ", aim {aim}")?;
        }
        if self.bound.is_some() {
            write!(f, ")")?;
        }
        if let Some(note) = &self.note {
            write!(f, "; {note}")?;
        }
        writeln!(f)
    }
}
