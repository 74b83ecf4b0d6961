//! Which policy a command goes by.
//!
//! Takes in `--policy`, `--allow` and the user's configuration folder; gives out a policy. Only the person at the command
//! line grants anything: a run file may come from the same hands as a plugin, so that it cannot.

use std::path::{Path, PathBuf};

use backplane_guests::descriptor::is_name;
use backplane_guests::policy::check_place;
use backplane_guests::{Allowance, Carrier, Policy};

use crate::arguments::PolicyArguments;
use crate::error::CliError;
use crate::exit;

/// The policy for the plugins of a directory.
///
/// # Errors
/// Names the file and the line, or the flag, and what would be allowed.
pub fn read(arguments: &PolicyArguments, plugins: &Path) -> Result<Policy, CliError> {
    let file = arguments.policy.clone().or_else(of_the_user);
    let policy = match file {
        Some(path) => {
            check_place(&path, plugins)?;
            Policy::read(&path)?
        }
        None => Policy::default(),
    };
    let allowances = arguments.allow.iter().map(|x| parse_allowance(x));
    let allowances: Vec<Allowance> = allowances.collect::<Result<_, _>>()?;
    Ok(policy.with(allowances))
}

/// The policy in the user's configuration folder, where there is one.
fn of_the_user() -> Option<PathBuf> {
    let is_whole = |x: &PathBuf| x.is_absolute();
    let named = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = named.filter(is_whole).or_else(|| {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        Some(home.filter(is_whole)?.join(".config"))
    })?;
    let path = folder.join("backplane/policy.toml");
    path.symlink_metadata().is_ok().then_some(path)
}

/// Reads `KIND` or `KIND:NAME,...`.
fn parse_allowance(text: &str) -> Result<Allowance, CliError> {
    let unreadable = |why: String| {
        CliError::new(
            exit::USAGE,
            format!("`--allow {text}` cannot be read: {why}"),
            "write it as `--allow native`, or `--allow native:NAME,NAME`",
        )
    };
    let (kind, names) = match text.split_once(':') {
        Some((kind, names)) => (kind, names.split(',').collect()),
        None => (text, Vec::new()),
    };
    let carrier = Carrier::from_name(kind).ok_or_else(|| {
        let known = Carrier::ALL.map(Carrier::name).join(", ");
        unreadable(format!("there is no kind `{kind}`; there are: {known}"))
    })?;
    if let Some(name) = names.iter().find(|x| !is_name(x)) {
        return Err(unreadable(format!("`{name}` is no plugin's name")));
    }
    Ok(Allowance {
        carrier,
        plugins: names.iter().map(|x| x.replace('-', "_")).collect(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_names_a_kind_and_perhaps_plugins() {
        let all = parse_allowance("native").unwrap();
        assert_eq!((all.carrier, all.plugins.len()), (Carrier::Native, 0));
        let two = parse_allowance("native:mean-reversion,momentum").unwrap();
        assert_eq!(two.plugins, ["mean_reversion", "momentum"]);
        for text in ["", "magic", "native:", "native:a,,b", "native:../a"] {
            assert_eq!(parse_allowance(text).unwrap_err().code, exit::USAGE);
        }
    }
}
