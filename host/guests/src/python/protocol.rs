//! What host and strategy process say to each other.
//!
//! Takes in and gives out frames: four bytes of length, little-endian, then a body. The first frames are JSON, because
//! the process may lack MessagePack; all after that are MessagePack.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};

/// The version of the protocol; the package's `PROTOCOL` must be the same.
pub(super) const PROTOCOL: u32 = 1;
/// The most bytes of one frame.
pub(super) const FRAME_BYTES_MAX: usize = 1 << 30;

/// The host's first frame.
#[derive(Serialize)]
pub(super) struct Setup<'a> {
    /// The package's modules by name.
    pub(super) modules: BTreeMap<&'a str, &'a str>,
    /// The strategy's file.
    pub(super) path: &'a str,
    /// How many seconds making an instance may take, and any other call.
    pub(super) patience: [f64; 2],
    /// Its bytes, as hex: what is run is what was read and hashed.
    pub(super) source: String,
    /// The modules beside it, by their paths from its folder, as hex.
    pub(super) beside: BTreeMap<String, String>,
}

/// The process's first frames: that it serves, then what the strategy is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Opening {
    /// The interpreter serves; what follows is about the strategy.
    Ready(()),
    /// The strategy is loaded.
    Hello(Hello),
    /// The strategy's file raised something.
    Fault(Raised),
    /// The interpreter does not serve.
    #[serde(untagged)]
    Failed {
        /// Why.
        failed: String,
        /// What to do next.
        hint: String,
    },
}

/// What a process that is ready says.
#[derive(Debug, Deserialize)]
pub(super) struct Hello {
    /// Its version of the protocol.
    pub(super) protocol: u32,
    /// Its version of Python.
    pub(super) python: String,
    /// Its version of NumPy.
    pub(super) numpy: String,
    /// The strategy's descriptor, as JSON.
    pub(super) descriptor: String,
    /// What a strategy over features hears.
    pub(super) features: Option<Declared>,
}

/// What a strategy over features declares.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Declared {
    /// The features by their names.
    pub(super) columns: Vec<String>,
    /// When a row is made.
    pub(super) sampling: String,
    /// Whether what it gives follows from market features alone.
    pub(super) market_only: bool,
    /// The time of day at which the market closes; empty for none.
    pub(super) market_close: String,
}

/// What a strategy raised: one line, file, line, and the traceback.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Raised(
    pub(super) String,
    pub(super) Option<String>,
    pub(super) Option<u32>,
    pub(super) String,
);

/// What the host asks.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Request<'a> {
    /// Make the instance, with a value for each declared parameter, and the names of the columns of its rows.
    Create((&'a [Value], &'a [String])),
    /// Hear these messages of 64 bytes.
    Hear(&'a Bytes),
    /// Hear rows: values, instruments (`u32`), times of which they tell (`i64`), and the time at the strategy.
    Rows((&'a Bytes, &'a Bytes, &'a Bytes, i64)),
    /// The market closes at this time.
    Close(i64),
    /// Give the state.
    Save(()),
    /// Take over a state of a version.
    Restore((u32, &'a Bytes)),
}

/// The value of a parameter.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Value {
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Boolean(bool),
}

/// What the process answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answer {
    /// It did what was asked.
    Done(()),
    /// The strategy refused, and says why; it is as it was.
    Refused(String),
    /// It raised something.
    Fault(Raised),
    /// It heard messages.
    Heard(Heard),
    /// What it wishes for rows, or at the close.
    Wished(Wished),
    /// Its state: version and bytes.
    Saved((u32, ByteBuf)),
}

/// What came of hearing messages: how many were heard, the commands (80 bytes each), log lines with their levels, and
/// what was raised on the next message.
#[derive(Debug, Deserialize)]
pub(super) struct Heard(
    pub(super) usize,
    pub(super) ByteBuf,
    pub(super) Vec<(u32, String)>,
    pub(super) Option<Raised>,
);

/// What a strategy wishes: for how many rows, the target of each (`f64`, NaN for none), orders with the places of their
/// rows, log lines, and what was raised on the next row.
#[derive(Debug, Deserialize)]
pub(super) struct Wished(
    pub(super) usize,
    pub(super) ByteBuf,
    pub(super) Vec<(usize, ByteBuf)>,
    pub(super) Vec<(u32, String)>,
    pub(super) Option<Raised>,
);
