//! Which truth a file holds, with which a tape of the same source can be compared.
//!
//! Takes in files; gives out what can be done with them.

use super::captures;
use super::importer::{HEAD_BYTES, Head, recognized};
use super::part::Part;
use crate::error::TapeError;

/// What files say of a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    /// A capture with book tickers.
    BinanceCapture,
    /// A capture with checksums.
    OkxCapture,
    /// A LOBSTER orderbook file.
    Orderbook,
    /// A tape.
    Tape,
    /// Something that can become a tape.
    Importable,
}

/// The first bytes of an Arrow IPC file.
const ARROW_MAGIC: &[u8] = b"ARROW1";

/// Which truth some files hold, by the first of them.
pub(crate) fn truth_of(parts: &[Part]) -> Result<Truth, TapeError> {
    let Some(part) = parts.first() else {
        return Ok(Truth::Orderbook);
    };
    let bytes = part.head(HEAD_BYTES)?;
    let head = Head {
        path: part.shown(),
        name: part.name(),
        bytes: &bytes,
    };
    if bytes.starts_with(ARROW_MAGIC) {
        return Ok(Truth::Tape);
    }
    if captures::is_capture_of(&head, &captures::BINANCE) {
        return Ok(Truth::BinanceCapture);
    }
    if captures::is_capture_of(&head, &captures::OKX) {
        return Ok(Truth::OkxCapture);
    }
    Ok(match recognized(&head) {
        None => Truth::Orderbook,
        Some(importer) if importer.name == "lobster" => Truth::Orderbook,
        Some(_) => Truth::Importable,
    })
}
