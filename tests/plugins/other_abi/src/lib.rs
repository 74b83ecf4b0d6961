//! A plugin of an ABI version that does not exist.
//!
//! Takes in nothing; gives out a valid header of version 99, and nothing behind it: a host must refuse it before it
//! loads it.
#![allow(unsafe_code, reason = "a header needs its section")]

#[used]
#[unsafe(link_section = ".backplane")]
static HEADER: [u8; 16] = *b"BACKPLN\0\x63\0\0\0\x01\0\0\0";
