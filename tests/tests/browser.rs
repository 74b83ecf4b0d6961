//! The pages of reports and comparisons, in a browser.
//!
//! Takes in pages that real runs wrote; gives out whether they draw, zoom, tell values and suit every reader, without asking
//! for anything from outside.

/// A browser without a window.
mod chromium;
/// A page opens alone, draws, and suits its reader.
mod page;
/// A page of ten million points is quick.
mod speed;
