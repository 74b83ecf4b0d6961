//! The user's policy: what each plugin of a directory may have.
//!
//! Takes in a TOML file and what the command line grants; gives out a [`Grant`] for a plugin's name. A policy is always
//! the user's: nothing that a plugin says or brings changes it. Without one, sandboxed modules may run, and code that
//! runs with the user's rights may not. `docs/policy.md` describes the file.

mod grant;
mod limits;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use grant::{Bounds, Grant, ParamRule, Scalar};
pub use limits::Limits;

use crate::carrier::Carrier;
use crate::descriptor::is_name;
use crate::error::GuestError;
use crate::text::one_line;

/// The most bytes of a policy's file: 1 MiB.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The most bytes of a reason in a message.
const REASON_BYTES_MAX: usize = 300;

/// What each plugin may have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    default: Rules,
    plugins: BTreeMap<String, Rules>,
    granted: Vec<Allowance>,
}

/// A carrier that the command line grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The carrier.
    pub carrier: Carrier,
    /// The plugins to which it is granted; all where there are none.
    pub plugins: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    #[serde(default)]
    default: Rules,
    #[serde(default)]
    plugin: BTreeMap<String, Rules>,
}

/// What a table of a policy says. What it leaves out is what the table above says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    allow: Option<BTreeSet<Carrier>>,
    memory: Option<Bytes>,
    python_memory: Option<Bytes>,
    fuel_per_message: Option<u64>,
    fuel_per_batch: Option<u64>,
    orders_per_second: Option<u64>,
    log_lines_per_second: Option<u64>,
    log_bytes_per_second: Option<Bytes>,
    digest: Option<String>,
    #[serde(default)]
    params: BTreeMap<String, ParamRule>,
}

/// A number of bytes as a user writes it: `64MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Bytes(u64);

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Bytes, String> {
        let digits = text.trim_end_matches(|x: char| x.is_ascii_alphabetic());
        let shift = match &text[digits.len()..] {
            "B" => Some(0),
            "KiB" => Some(10),
            "MiB" => Some(20),
            "GiB" => Some(30),
            _ => None,
        };
        let scaled = shift.and_then(|x| digits.parse::<u64>().ok()?.checked_mul(1 << x));
        let reason = || format!("`{text}` is no size such as `64KiB`, `256MiB` or `1GiB`");
        scaled.map(Bytes).ok_or_else(reason)
    }
}

impl Policy {
    /// Reads a policy's file.
    ///
    /// # Errors
    /// Names the file, the line, and what is wrong there.
    pub fn read(path: &Path) -> Result<Policy, GuestError> {
        let failed = |line, reason: String| GuestError::Policy {
            path: path.to_owned(),
            line,
            reason: one_line(&reason, REASON_BYTES_MAX),
        };
        let metadata = path.metadata().map_err(|x| failed(None, x.to_string()))?;
        if !metadata.is_file() || metadata.len() > FILE_BYTES_MAX {
            let reason = format!("it is no file of at most {FILE_BYTES_MAX} bytes");
            return Err(failed(None, reason));
        }
        let text = std::fs::read_to_string(path).map_err(|x| failed(None, x.to_string()))?;
        let raw: RawPolicy = toml::from_str(&text).map_err(|error| {
            let start = error.span().map(|x| x.start);
            let before = start.and_then(|x| text.get(..x));
            let line = before.map(|x| x.matches('\n').count() + 1);
            failed(line, error.message().to_owned())
        })?;
        let policy = Policy {
            default: raw.default,
            plugins: raw.plugin,
            granted: Vec::new(),
        };
        policy.check().map_err(|reason| failed(None, reason))?;
        Ok(policy)
    }

    /// The same policy with what the command line grants besides.
    #[must_use]
    pub fn with(mut self, allowances: impl IntoIterator<Item = Allowance>) -> Policy {
        self.granted.extend(allowances);
        self
    }

    /// What a plugin was granted. Its name is that of its file, and never what the plugin calls itself.
    pub fn grant(&self, plugin: &str) -> Grant {
        let own = self.plugins.get(plugin).unwrap_or(&self.default);
        let chosen = own.allow.as_ref().or(self.default.allow.as_ref());
        let sandboxed = || Carrier::ALL.into_iter().filter(|x| x.is_sandboxed());
        let mut carriers = chosen.cloned().unwrap_or_else(|| sandboxed().collect());
        let concerns =
            |x: &&Allowance| x.plugins.is_empty() || x.plugins.iter().any(|x| x == plugin);
        carriers.extend(self.granted.iter().filter(concerns).map(|x| x.carrier));
        Grant {
            carriers,
            limits: limits(&[own, &self.default]),
            digest: own.digest.clone(),
            params: own.params.clone(),
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.default.digest.is_some() || !self.default.params.is_empty() {
            return Err("`digest` and `params` belong to one plugin: write `[plugin.NAME]`".into());
        }
        limits(&[&self.default]).sandbox().check()?;
        for (name, rules) in &self.plugins {
            limits(&[rules, &self.default]).sandbox().check()?;
            if !is_name(name) || name.contains('-') {
                return Err(format!(
                    "`[plugin.{name}]` is no name that a plugin can have: 1 to 64 of a-z, 0-9, _"
                ));
            }
            let is_digit = |x: u8| x.is_ascii_digit() || (b'a'..=b'f').contains(&x);
            let is_digest = |x: &String| x.len() == 64 && x.bytes().all(is_digit);
            if !rules.digest.as_ref().is_none_or(is_digest) {
                return Err(format!(
                    "the `digest` of `[plugin.{name}]` must be 64 of 0-9 and a-f, as `backplane plugin inspect` prints it"
                ));
            }
        }
        Ok(())
    }
}

/// The limits of tables, the first that says something going before the others.
fn limits(tables: &[&Rules]) -> Limits {
    let default = Limits::default();
    let number = |pick: fn(&Rules) -> Option<u64>, default| {
        let mut said = tables.iter().filter_map(|x| pick(x));
        said.next().unwrap_or(default)
    };
    Limits {
        memory_bytes: number(|x| x.memory.map(|x| x.0), default.memory_bytes),
        python_memory_bytes: number(
            |x| x.python_memory.map(|x| x.0),
            default.python_memory_bytes,
        ),
        fuel_per_message: number(|x| x.fuel_per_message, default.fuel_per_message),
        fuel_per_batch: number(|x| x.fuel_per_batch, default.fuel_per_batch),
        orders_per_second: number(|x| x.orders_per_second, default.orders_per_second),
        log_lines_per_second: number(|x| x.log_lines_per_second, default.log_lines_per_second),
        log_bytes_per_second: number(
            |x| x.log_bytes_per_second.map(|x| x.0),
            default.log_bytes_per_second,
        ),
    }
}

/// Where a policy lies among the plugins that it judges: whoever may drop a plugin there could write it.
///
/// # Errors
/// Says so.
pub fn check_place(policy: &Path, plugins: &Path) -> Result<(), GuestError> {
    let (Ok(policy_real), Ok(plugins)) = (policy.canonicalize(), plugins.canonicalize()) else {
        // What is not there is reported by whoever reads it.
        return Ok(());
    };
    if !policy_real.starts_with(&plugins) {
        return Ok(());
    }
    Err(GuestError::Policy {
        path: PathBuf::from(policy),
        line: None,
        reason: "it lies in the directory of the plugins that it is about, where whoever brings a plugin could write it"
            .into(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Policy, GuestError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("policy.toml");
        std::fs::write(&path, text).unwrap();
        Policy::read(&path)
    }

    fn carriers(policy: &Policy, plugin: &str) -> Vec<Carrier> {
        policy.grant(plugin).carriers.into_iter().collect()
    }

    #[test]
    fn without_a_word_only_the_sandbox_is_granted() {
        let policy = Policy::default();
        assert_eq!(carriers(&policy, "any"), [Carrier::Wasm]);
        assert_eq!(policy.grant("any").limits, Limits::default());
        assert_eq!(read("").unwrap(), policy);
    }

    #[test]
    fn a_plugin_s_table_goes_before_the_default_one_and_the_command_line_before_both() {
        let text = "[default]\nmemory = \"64MiB\"\norders_per_second = 10\n\
                    [plugin.fast]\nallow = [\"native\"]\nmemory = \"1GiB\"\n[plugin.none]\nallow = []";
        let policy = read(text).unwrap();
        assert_eq!(carriers(&policy, "fast"), [Carrier::Native]);
        assert_eq!(carriers(&policy, "other"), [Carrier::Wasm]);
        assert_eq!(carriers(&policy, "none"), []);
        let limits = policy.grant("fast").limits;
        assert_eq!(
            (limits.memory_bytes, limits.orders_per_second),
            (1 << 30, 10)
        );
        assert_eq!(policy.grant("other").limits.memory_bytes, 64 << 20);
        let native = |plugins: &[&str]| Allowance {
            carrier: Carrier::Native,
            plugins: plugins.iter().map(|x| (*x).to_owned()).collect(),
        };
        let one = policy.clone().with([native(&["other"])]);
        assert_eq!(carriers(&one, "other"), [Carrier::Native, Carrier::Wasm]);
        assert_eq!(carriers(&one, "none"), []);
        let all = policy.with([native(&[])]);
        assert_eq!(carriers(&all, "none"), [Carrier::Native]);
    }

    #[test]
    fn a_mistake_in_a_policy_is_named_with_its_line() {
        for (text, expected) in [
            ("[default]\nalow = []", "line 2: unknown field `alow`"),
            (
                "[default]\nallow = [\"magic\"]",
                "line 2: unknown variant `magic`",
            ),
            (
                "[default]\nmemory = \"64MB\"",
                "line 2: `64MB` is no size such as",
            ),
            ("[default]\nmemory = \"99999999999GiB\"", "is no size"),
            ("[default]\nfuel_per_message = -1", "line 2: "),
            (
                "[plugin.a]\nmemory = \"1KiB\"",
                "`memory_bytes` is 1024, but must be",
            ),
            ("[default]\ndigest = \"\"", "belong to one plugin"),
            ("[plugin.a]\ndigest = \"12\"", "must be 64 of"),
            ("[plugin.A]\n", "`[plugin.A]` is no name"),
            ("[plugin.a.params]\nsize = { mix = 1 }", "line 2: "),
            ("[plugin.a", "line 1: "),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains("policy.toml") && !error.contains('\n'));
        }
    }

    #[test]
    fn a_policy_among_the_plugins_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("policy.toml");
        std::fs::write(&inside, "").unwrap();
        assert!(check_place(&inside, directory.path()).is_err());
        let other = tempfile::tempdir().unwrap();
        assert!(check_place(&inside, other.path()).is_ok());
    }
}
