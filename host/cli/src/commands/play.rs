//! `backplane play`: a recording, played to its strategy alone.
//!
//! Takes in a recording and a directory of plugins; gives out what the strategy asked for, and whether it is what it asked
//! for in the run. The plugin is loaded into this very process, so that a debugger sees it: what it does wrong ends the
//! process, as it should there.

use std::fmt;

use anstream::println;
use backplane_analytics::command_text;
use backplane_guests::recording::Played;
use backplane_guests::wasm::Settings;
use backplane_guests::{Carriers, RecordedStrategy, Recording};
use backplane_sdk::abi::{Command, Message, MessageBody};
use backplane_sdk::types::{InstrumentId, Timestamp};
use serde::Serialize;

use super::show;
use crate::arguments::PlayArguments;
use crate::error::CliError;
use crate::exit;

pub(super) fn execute(arguments: &PlayArguments) -> Result<u8, CliError> {
    let recording = Recording::open(&arguments.recording)?;
    let strategy = recording.strategy().clone();
    let mut carriers = Carriers::new(Settings::default())?;
    let policy = crate::policy::read(&arguments.policy, &arguments.plugins)?;
    let found = backplane_guests::find(&arguments.plugins, &strategy.plugin_file, &policy)?;
    let grant = policy.grant(&found.name);
    let plugin = carriers.load(&found.path, &grant)?;
    let given = strategy.parameters.clone().into_iter().collect::<Vec<_>>();
    let params = grant.params(&plugin.descriptor().params, &given);
    let params = params.map_err(|reason| {
        CliError::new(
            exit::CONFIG,
            format!("strategy `{}`: {reason}", strategy.strategy),
            "play it to a version of the plugin that has the parameters of the one that ran",
        )
    })?;
    let mut guest = plugin.instantiate(&params)?;
    let digest = blake3::Hash::from_bytes(plugin.digest()).to_hex();
    let is_version_of_run = digest.as_str() == strategy.plugin_digest;
    let prints = arguments.commands && !arguments.json;
    let mut names = Names {
        symbols: Vec::new(),
        series: plugin.descriptor().metrics.clone(),
    };
    let mut tell = |number: u64, message: &Message, commands: &[Command]| {
        if prints {
            names.hear(message);
            names.print(number, message, commands);
        }
    };
    let played = recording.play(guest.as_mut(), arguments.until, &mut tell)?;
    let outcome = Outcome::new(&strategy, &played, is_version_of_run, arguments.until);
    show(&outcome, arguments.json)?;
    Ok(match (outcome.verdict, &played.stopped) {
        (Verdict::Different, _) => exit::VERIFICATION,
        (_, Some(_)) => exit::STRATEGY,
        _ => exit::OK,
    })
}

/// The names of what commands are about.
struct Names {
    symbols: Vec<String>,
    series: Vec<String>,
}

impl Names {
    /// Hears of instruments, which are defined in the order of their numbers, and of the parts of their symbols.
    fn hear(&mut self, message: &Message) {
        match message.body() {
            Some(MessageBody::Definition { .. }) => self.symbols.push(String::new()),
            Some(MessageBody::Symbol(part)) => {
                let end = part.iter().position(|x| *x == 0).unwrap_or(part.len());
                if let Some(symbol) = self.symbols.get_mut(message.instrument as usize) {
                    symbol.push_str(&String::from_utf8_lossy(&part[..end]));
                }
            }
            _ => {}
        }
    }

    fn print(&self, number: u64, message: &Message, commands: &[Command]) {
        let at = Timestamp(message.ts_recv);
        let named = |names: &[String], place: u32| match names.get(place as usize) {
            Some(name) => name.clone(),
            None => format!("number {place}"),
        };
        for command in commands {
            let symbol = |id: InstrumentId| named(&self.symbols, id.0);
            let text = command_text(command, symbol, |place| named(&self.series, place));
            println!("message {number}, {at}: {text}");
        }
    }
}

/// Whether the strategy gave the commands of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Same,
    Different,
    /// The recording ends where the process died, or was not played to its end.
    Unknown,
}

#[derive(Serialize)]
struct Outcome {
    strategy: String,
    label: String,
    messages: u64,
    commands: u64,
    digest: String,
    is_version_of_run: bool,
    verdict: Verdict,
    stopped: Option<String>,
}

impl Outcome {
    fn new(
        strategy: &RecordedStrategy,
        played: &Played,
        is_version_of_run: bool,
        until: Option<u64>,
    ) -> Outcome {
        let stopped = played.stopped.as_ref();
        Outcome {
            strategy: strategy.strategy.clone(),
            label: strategy.label.clone(),
            messages: played.messages,
            commands: played.commands,
            digest: blake3::Hash::from_bytes(played.digest).to_hex().to_string(),
            is_version_of_run,
            verdict: match played.is_same().filter(|_| until.is_none()) {
                Some(true) => Verdict::Same,
                Some(false) => Verdict::Different,
                None => Verdict::Unknown,
            },
            stopped: stopped
                .map(|(fault, number, event)| format!("on message {number} ({event}): {fault}")),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (label, messages, commands) = (&self.label, self.messages, self.commands);
        writeln!(
            f,
            "{label} heard {messages} messages and gave {commands} commands"
        )?;
        if let Some(stopped) = &self.stopped {
            writeln!(f, "  stopped {stopped}")?;
        }
        writeln!(f, "  digest of its commands {}", self.digest)?;
        let verdict = match self.verdict {
            Verdict::Same => "the same commands as in the run",
            Verdict::Different => "other commands than in the run",
            Verdict::Unknown => {
                "not to be compared: the recording, or this play, ends before the run"
            }
        };
        let version = match self.is_version_of_run {
            true => "the plugin is the one that ran",
            false => "the plugin is another version than the one that ran",
        };
        writeln!(f, "  {verdict}; {version}")
    }
}
