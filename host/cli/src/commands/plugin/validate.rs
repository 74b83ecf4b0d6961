//! `backplane plugin validate`: everything that is checked of a plugin before it is trusted.
//!
//! Takes in a plugin's file, a policy and seeds; gives out a verdict for each check, as it comes, and exit code 8 where
//! one failed. Nothing of the plugin runs in this process.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anstream::println;
use backplane_guests::policy::{ParamRule, Scalar};
use backplane_guests::{GuestError, directory};
use serde::Serialize;

use super::{folder, inspect};
use crate::arguments::ValidateArguments;
use crate::commands::print_json;
use crate::error::CliError;
use crate::exit;
use crate::settings::parse_time;
use crate::supervise;
use crate::validate::{Check, Verdict, checks};

#[derive(Serialize)]
struct Validation {
    plugin: PathBuf,
    passed: usize,
    failed: usize,
    skipped: usize,
    checks: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    name: &'static str,
    wants: &'static str,
    seed: u64,
    #[serde(flatten)]
    verdict: Verdict,
    seconds: f64,
}

pub(super) fn execute(arguments: &ValidateArguments) -> Result<u8, CliError> {
    if arguments.list {
        for check in checks() {
            println!("{:<16} {}", check.name, check.wants);
        }
        return Ok(exit::OK);
    }
    let chosen = choose(&arguments.checks)?;
    let timeout = parse_time(&arguments.timeout).map_err(|allowed| {
        let message = format!("`--timeout {}` must be {allowed}", arguments.timeout);
        CliError::new(exit::USAGE, message, "give a longer time")
    })?;
    // Clap wants a file wherever `--list` is not given.
    let plugin = arguments.plugin.as_deref().unwrap_or(Path::new(""));
    let (plugin, grant) = granted(plugin, arguments)?;
    let timeout = Duration::from_nanos(timeout.0.unsigned_abs());
    let (mut lines, mut is_loadable) = (Vec::new(), true);
    for (place, seed) in arguments.seeds.iter().enumerate() {
        for check in chosen.iter().filter(|x| place == 0 || x.is_seeded()) {
            if check.needs_loading() && !is_loadable {
                continue;
            }
            let mut line = perform(&plugin, &grant, check, *seed, timeout)?;
            if let Verdict::Unloaded(why) = line.verdict {
                is_loadable = false;
                line.verdict = Verdict::Failed(why);
            }
            if !arguments.json {
                print(&line, arguments.only_failed);
            }
            lines.push(line);
        }
    }
    if !is_loadable && !arguments.json {
        println!("what needs it loaded was not checked");
    }
    conclude(plugin, lines, arguments)
}

/// The checks of these names; all where there are none.
fn choose(names: &[String]) -> Result<Vec<&'static Check>, CliError> {
    if names.is_empty() {
        return Ok(checks().collect());
    }
    let named = names.iter().map(|name| {
        checks().find(|x| x.name == name).ok_or_else(|| {
            CliError::new(
                exit::USAGE,
                format!("there is no check `{name}`"),
                "`backplane plugin validate --list` lists them",
            )
        })
    });
    named.collect()
}

/// The file, and what it was granted; an error where it was not granted to run.
fn granted(
    plugin: &Path,
    arguments: &ValidateArguments,
) -> Result<(PathBuf, backplane_guests::Grant), CliError> {
    let carrier = inspect::carrier_of(plugin)?;
    if let Err(error) = plugin.metadata() {
        return Err(CliError::io("reading the plugin", plugin, &error));
    }
    let policy = crate::policy::read(&arguments.policy, folder(plugin))?;
    let name = directory::plugin_name(plugin, carrier);
    let mut grant = policy.grant(&name);
    for text in &arguments.params {
        let (id, value) = set(text)?;
        grant.params.insert(id, value);
    }
    if !grant.has(carrier) {
        let path = plugin.to_owned();
        return Err(GuestError::NotGranted {
            name,
            path,
            carrier,
        }
        .into());
    }
    let path = std::path::absolute(plugin);
    let path = path.map_err(|error| CliError::io("finding", plugin, &error))?;
    Ok((path, grant))
}

/// Reads `PARAM=VALUE`.
fn set(text: &str) -> Result<(String, ParamRule), CliError> {
    let pair = text.split_once('=').and_then(|(id, value)| {
        let value = Scalar::parse(value.trim())?;
        Some((id.trim().to_owned(), ParamRule::Fixed(value)))
    });
    pair.ok_or_else(|| {
        CliError::new(
            exit::USAGE,
            format!("`--set {text}` cannot be read"),
            "write it as `PARAM=VALUE`, the value a number, true or false",
        )
    })
}

/// Makes a check; one that compares two processes is made twice.
fn perform(
    plugin: &Path,
    grant: &backplane_guests::Grant,
    check: &'static Check,
    seed: u64,
    timeout: Duration,
) -> Result<Line, CliError> {
    let begun = Instant::now();
    let once = || supervise::check(plugin, grant, (check.name, seed), timeout);
    let mut verdict = once()?;
    if check.is_repeated()
        && let Verdict::Passed(first) = &verdict
    {
        verdict = match once()? {
            Verdict::Passed(second) if second != *first => {
                Verdict::Failed(format!("{first} in one process, {second} in another"))
            }
            other => other,
        };
    }
    Ok(Line {
        name: check.name,
        wants: check.wants,
        seed,
        verdict,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

fn print(line: &Line, only_failed: bool) {
    let (state, note) = match &line.verdict {
        Verdict::Passed(_) | Verdict::Skipped(_) if only_failed => return,
        Verdict::Passed(note) => ("ok", note.clone()),
        Verdict::Skipped(why) => ("skipped", why.clone()),
        Verdict::Failed(why) | Verdict::Unloaded(why) => (
            "FAILED",
            format!(
                "{why}\n{:25}wanted: {} (seed {})",
                "", line.wants, line.seed
            ),
        ),
    };
    println!(
        "{}",
        format!("{state:<7} {:<16} {note}", line.name).trim_end()
    );
}

fn conclude(
    plugin: PathBuf,
    mut lines: Vec<Line>,
    arguments: &ValidateArguments,
) -> Result<u8, CliError> {
    let count = |is: fn(&Verdict) -> bool| lines.iter().filter(|x| is(&x.verdict)).count();
    let (passed, failed, skipped) = (
        count(|x| matches!(x, Verdict::Passed(_))),
        count(|x| matches!(x, Verdict::Failed(_))),
        count(|x| matches!(x, Verdict::Skipped(_))),
    );
    if arguments.json {
        lines.retain(|x| !arguments.only_failed || matches!(x.verdict, Verdict::Failed(_)));
        print_json(&Validation {
            plugin,
            passed,
            failed,
            skipped,
            checks: lines,
        })?;
    } else {
        let all = lines.len();
        println!("{all} checks: {passed} passed, {failed} failed, {skipped} do not apply");
    }
    Ok(match failed {
        0 => exit::OK,
        _ => exit::VERIFICATION,
    })
}
