//! One message of TotalView-ITCH 5.0.
//!
//! Takes in the bytes of a message; gives out what it says, where a tape can hold it. Layouts are those of section 1 of
//! NASDAQ's specification: big-endian integers, prices of four decimals, a time of six bytes in nanoseconds after
//! midnight in New York.

use backplane_sdk::types::{Price, Side, TradingStatus};

/// Units of 1e-9 in ITCH's unit of price.
const PRICE_SCALE: i64 = 100_000;

/// What every message begins with, after its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The day's number of the stock; 0 for messages on all of them.
    pub(super) locate: u16,
    /// Nanoseconds after midnight in New York.
    pub(super) time: i64,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// R: what a number stands for, and how many shares a round lot has.
    Directory { stock: [u8; 8] },
    /// H, and h of NASDAQ's own market.
    Status(TradingStatus),
    /// A, F.
    Add {
        order: u64,
        side: Side,
        shares: u32,
        price: Price,
    },
    /// E, and C.
    Executed(Executed),
    /// X: shares of an order leave; D: all that is left of it.
    Cancel { order: u64, shares: Option<u32> },
    /// U.
    Replace {
        order: u64,
        new: u64,
        shares: u32,
        price: Price,
    },
    /// P: an execution of an order that was not displayed.
    Trade {
        side: Option<Side>,
        shares: u32,
        price: Price,
    },
    /// Q: an auction.
    Cross { shares: u64, price: Price },
    /// B: a trade is taken back.
    Broken,
    /// What no row says.
    Other,
}

/// An execution of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Executed {
    pub(super) order: u64,
    pub(super) shares: u32,
    /// The price of the execution, where it is said apart from the order's (C).
    pub(super) price: Option<Price>,
    /// Whether it is a print; what a cross executes is printed with the cross.
    pub(super) is_printed: bool,
}

/// The fields of a message, in their order.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn letter(&mut self) -> Option<u8> {
        self.bytes::<1>().map(|[letter]| letter)
    }

    fn short(&mut self) -> Option<u16> {
        self.bytes().map(u16::from_be_bytes)
    }

    fn number(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_be_bytes)
    }

    fn long(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_be_bytes)
    }

    fn time(&mut self) -> Option<i64> {
        let [a, b, c, d, e, f] = self.bytes()?;
        Some(i64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    fn price(&mut self) -> Option<Price> {
        let price = self.number()?;
        Some(Price(i64::from(price) * PRICE_SCALE))
    }

    fn side(&mut self) -> Option<Side> {
        match self.letter()? {
            b'B' => Some(Side::Buy),
            b'S' => Some(Side::Sell),
            _ => None,
        }
    }
}

/// The length of each type that is read; none for others.
const fn length(kind: u8) -> Option<usize> {
    match kind {
        b'R' => Some(39),
        b'H' => Some(25),
        b'h' => Some(21),
        b'A' | b'C' => Some(36),
        b'F' | b'Q' => Some(40),
        b'E' => Some(31),
        b'X' => Some(23),
        b'D' | b'B' => Some(19),
        b'U' => Some(35),
        b'P' => Some(44),
        _ => None,
    }
}

/// The message that some bytes are.
///
/// # Errors
/// Says what is wrong with them.
pub(super) fn parse(bytes: &[u8]) -> Result<(Head, Message), String> {
    let mut fields = Fields(bytes);
    let kind = fields.letter().ok_or("it is empty")?;
    let shown = char::from(kind);
    if let Some(length) = length(kind)
        && length != bytes.len()
    {
        let found = bytes.len();
        return Err(format!(
            "a message of type {shown:?} has {length} bytes, this one {found}"
        ));
    }
    let head = (|| {
        let locate = fields.short()?;
        fields.short()?;
        let time = fields.time()?;
        Some(Head { locate, time })
    })();
    let Some(head) = head else {
        return Err(format!("a message of type {shown:?} is cut off"));
    };
    let message = body(kind, &mut fields);
    let message = message.ok_or_else(|| {
        format!("a field of a message of type {shown:?} has a letter that is not known")
    })?;
    Ok((head, message))
}

fn body(kind: u8, fields: &mut Fields<'_>) -> Option<Message> {
    Some(match kind {
        b'R' => Message::Directory {
            stock: fields.bytes()?,
        },
        b'H' | b'h' => halt(kind, fields)?,
        b'A' | b'F' => {
            let (order, side, shares) = (fields.long()?, fields.side()?, fields.number()?);
            fields.bytes::<8>()?;
            let price = fields.price()?;
            Message::Add {
                order,
                side,
                shares,
                price,
            }
        }
        b'E' | b'C' => Message::Executed(execution(kind, fields)?),
        b'X' => Message::Cancel {
            order: fields.long()?,
            shares: Some(fields.number()?),
        },
        b'D' => Message::Cancel {
            order: fields.long()?,
            shares: None,
        },
        b'U' => Message::Replace {
            order: fields.long()?,
            new: fields.long()?,
            shares: fields.number()?,
            price: fields.price()?,
        },
        b'P' => {
            fields.long()?;
            let (side, shares) = (fields.side()?, fields.number()?);
            fields.bytes::<8>()?;
            Message::Trade {
                side: Some(side),
                shares,
                price: fields.price()?,
            }
        }
        b'Q' => {
            let shares = fields.long()?;
            fields.bytes::<8>()?;
            Message::Cross {
                shares,
                price: fields.price()?,
            }
        }
        b'B' => Message::Broken,
        _ => Message::Other,
    })
}

/// The rest of H and h.
fn halt(kind: u8, fields: &mut Fields<'_>) -> Option<Message> {
    fields.bytes::<8>()?;
    Some(match (kind, fields.letter()?) {
        (b'H', b'T') => Message::Status(TradingStatus::Trading),
        (b'H', b'Q') => Message::Status(TradingStatus::PreOpen),
        (b'H', b'H' | b'P') => Message::Status(TradingStatus::Halted),
        (b'H', _) => return None,
        (_, market) => match (market, fields.letter()?) {
            (b'Q', b'H') => Message::Status(TradingStatus::Halted),
            (b'Q', b'T') => Message::Status(TradingStatus::Trading),
            // Halts of markets whose orders are not in this feed.
            (_, b'H' | b'T') => Message::Other,
            _ => return None,
        },
    })
}

/// The rest of E and C.
fn execution(kind: u8, fields: &mut Fields<'_>) -> Option<Executed> {
    let (order, shares) = (fields.long()?, fields.number()?);
    fields.long()?;
    let (is_printed, price) = match kind {
        b'E' => (true, None),
        _ => (fields.letter()? == b'Y', Some(fields.price()?)),
    };
    Some(Executed {
        order,
        shares,
        price,
        is_printed,
    })
}
