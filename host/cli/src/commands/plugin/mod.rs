//! `backplane plugin`: new, list, inspect and validate.
//!
//! Takes in a directory or a file; gives out what plugins are, what they say about themselves, or why they are refused.
//! Every plugin is loaded in a process of its own, so that one that crashes costs a line, and only where the user granted
//! it.

mod inspect;
mod list;
mod new;
mod validate;

use std::path::Path;

use backplane_guests::GuestError;

use crate::arguments::PluginCommand;
use crate::error::CliError;
use crate::exit;

pub(super) fn execute(command: &PluginCommand) -> Result<u8, CliError> {
    match command {
        PluginCommand::List {
            directory,
            policy,
            json,
        } => {
            let policy = crate::policy::read(policy, directory)?;
            super::show(&list::list(directory, &policy)?, *json)?;
        }
        PluginCommand::Inspect {
            plugin,
            policy,
            json,
        } => {
            let policy = crate::policy::read(policy, folder(plugin))?;
            super::show(&inspect::inspect(plugin, &policy)?, *json)?;
        }
        PluginCommand::New(arguments) => return new::execute(arguments),
        PluginCommand::Validate(arguments) => return validate::execute(arguments),
    }
    Ok(exit::OK)
}

/// The folder in which a file lies.
fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The reason alone; the file stands beside it already.
fn reason(error: &GuestError) -> String {
    match error {
        GuestError::Refused { reason, .. } => reason.to_string(),
        other => other.to_string(),
    }
}
