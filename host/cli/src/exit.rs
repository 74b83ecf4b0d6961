//! Exit codes.
//!
//! Takes in nothing; gives out the numbers that scripts rely on.

/// All went well.
pub const OK: u8 = 0;
/// The command line makes no sense.
pub const USAGE: u8 = 2;
/// A run file or a setting makes no sense.
pub const CONFIG: u8 = 3;
/// A tape, or data to import, cannot be used, or results cannot be written.
pub const DATA: u8 = 4;
/// A plugin cannot be used.
pub const PLUGIN: u8 = 5;
/// The run ended, but a strategy was stopped.
pub const STRATEGY: u8 = 6;
/// A verification found something wrong.
pub const VERIFICATION: u8 = 8;
/// The user interrupted.
pub const INTERRUPTED: u8 = 130;
