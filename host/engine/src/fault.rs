//! Why a strategy cannot go on.
//!
//! Takes in what a carrier met; gives out one line, with file and line where they are known.

/// Why a strategy cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happened, in one line.
    pub message: String,
    /// The source file, where it is known.
    pub file: Option<String>,
    /// The line in it, where it is known.
    pub line: Option<u32>,
}

impl Fault {
    /// A fault of which only the message is known.
    pub fn new(message: impl Into<String>) -> Fault {
        Fault {
            message: message.into(),
            file: None,
            line: None,
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, " ({file}:{line})"),
            (Some(file), None) => write!(f, " ({file})"),
            _ => Ok(()),
        }
    }
}
