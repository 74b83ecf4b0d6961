//! The kinds of carriers.
//!
//! Takes in a file's name; gives out what would carry the strategy in it, and whether that is code which runs with the
//! user's rights.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What carries a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Carrier {
    /// A native library: `lib<name>.so`. It runs with the user's rights.
    Native,
    /// A WebAssembly module: `<name>.wasm`. It runs in a sandbox.
    Wasm,
    /// A Python program: `<name>.py`. It runs with the user's rights, in a process of its own.
    Python,
}

impl Carrier {
    /// All of them; where a directory holds a strategy on several, the first that is granted is taken.
    pub const ALL: [Carrier; 3] = [Carrier::Native, Carrier::Wasm, Carrier::Python];

    /// Its name in policies, lists and results.
    pub const fn name(self) -> &'static str {
        match self {
            Carrier::Native => "native",
            Carrier::Wasm => "wasm",
            Carrier::Python => "python",
        }
    }

    /// The carrier of a name.
    pub fn from_name(name: &str) -> Option<Carrier> {
        Carrier::ALL.into_iter().find(|x| x.name() == name)
    }

    /// What goes before and behind a strategy's name in the name of its file.
    pub const fn affixes(self) -> (&'static str, &'static str) {
        match self {
            Carrier::Native => ("lib", ".so"),
            Carrier::Wasm => ("", ".wasm"),
            Carrier::Python => ("", ".py"),
        }
    }

    /// The file's name of a strategy on this carrier.
    pub fn file_name(self, strategy: &str) -> String {
        let (before, behind) = self.affixes();
        format!("{before}{strategy}{behind}")
    }

    /// What would carry a file, by the end of its name; none for files that hold no strategies.
    pub fn of(path: &Path) -> Option<Carrier> {
        let name = path.file_name()?.to_string_lossy();
        let ends = |carrier: &Carrier| name.ends_with(carrier.affixes().1);
        Carrier::ALL.into_iter().find(ends)
    }

    /// Whether its code is kept from everything that it was not given.
    pub const fn is_sandboxed(self) -> bool {
        matches!(self, Carrier::Wasm)
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padded as a list asks for.
        f.pad(self.name())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_leads_to_its_carrier_and_back() {
        for carrier in Carrier::ALL {
            let file = carrier.file_name("mean_reversion");
            assert_eq!(Carrier::of(Path::new(&file)), Some(carrier), "{file}");
            assert_eq!(Carrier::from_name(carrier.name()), Some(carrier));
        }
        for file in ["Cargo.toml", "policy.toml", "libx.a", "so", "x.wat", ""] {
            assert_eq!(Carrier::of(Path::new(file)), None, "{file}");
        }
    }
}
