//! A library that is no plugin.
//!
//! Takes in nothing; gives out nothing: it exports no strategy, as happens to an author who forgets the macro.

/// What an author might have written.
pub struct Forgotten;
