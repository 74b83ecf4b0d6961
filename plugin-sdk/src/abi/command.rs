//! The translation between [`Command`] and what a strategy asks for.
//!
//! Takes in a command or its body; gives out the other. Letters that are not known stay as they are in the command, so
//! that the host can reject the order with its reason instead of the plugin guessing.

use super::v1::{Command, command_flag, command_kind};
use crate::types::{
    InstrumentId, Order, OrderId, OrderType, Price, Quantity, Side, TimeInForce, TimerId, Timestamp,
};

/// What a command asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CommandBody {
    /// A new order. The command itself is what the host validates.
    Submit {
        /// Its number.
        order_id: OrderId,
    },
    /// A new price and quantity for an open order; the quantity counts what is filled already (FIX `OrderQty`).
    Modify {
        /// The order.
        order_id: OrderId,
        /// The new limit price.
        price: Price,
        /// The new whole quantity.
        quantity: Quantity,
        /// The new stop price of a stop that waits; undefined where it stays.
        stop_price: Price,
    },
    /// The end of an open order.
    Cancel {
        /// The order.
        order_id: OrderId,
    },
    /// The end of all open orders.
    CancelAll {
        /// Of this instrument; of all where there is none.
        instrument: Option<InstrumentId>,
    },
    /// A timer; one of the same number is moved.
    SetTimer {
        /// Its number.
        timer: TimerId,
        /// When it is due, in the strategy's time; at once where that has passed.
        at: Timestamp,
    },
    /// The end of a timer.
    CancelTimer {
        /// Its number.
        timer: TimerId,
    },
    /// A value of a recorded series.
    Metric {
        /// The place of the series in the descriptor.
        metric: u32,
        /// The value.
        value: f64,
    },
}

const ALL_INSTRUMENTS: u32 = u32::MAX;

impl Command {
    /// The command that submits an order.
    #[inline]
    pub fn submit(order_id: OrderId, order: &Order) -> Command {
        Command {
            kind: command_kind::SUBMIT,
            side: order.side.code(),
            order_type: order.order_type as u8,
            time_in_force: order.time_in_force as u8,
            instrument: order.instrument.0,
            id: order_id.0,
            price: order.price.0,
            quantity: order.quantity.0,
            stop_price: order.stop_price.0,
            trail: order.trail.0,
            displayed: order.displayed.0,
            expire_at: order.expire_at.0,
            flags: if order.post_only {
                command_flag::POST_ONLY
            } else {
                0
            },
            ..Command::default()
        }
    }

    /// The command of a body other than [`CommandBody::Submit`], which needs an order (see [`Command::submit`]).
    #[inline]
    pub fn new(body: CommandBody) -> Command {
        let mut command = Command {
            instrument: ALL_INSTRUMENTS,
            ..Command::default()
        };
        match body {
            CommandBody::Submit { order_id } => {
                command.kind = command_kind::SUBMIT;
                command.id = order_id.0;
            }
            CommandBody::Modify {
                order_id,
                price,
                quantity,
                stop_price,
            } => {
                command.kind = command_kind::MODIFY;
                command.id = order_id.0;
                command.price = price.0;
                command.quantity = quantity.0;
                if stop_price.is_defined() {
                    command.stop_price = stop_price.0;
                }
            }
            CommandBody::Cancel { order_id } => {
                command.kind = command_kind::CANCEL;
                command.id = order_id.0;
            }
            CommandBody::CancelAll { instrument } => {
                command.kind = command_kind::CANCEL_ALL;
                command.instrument = instrument.map_or(ALL_INSTRUMENTS, |x| x.0);
            }
            CommandBody::SetTimer { timer, at } => {
                command.kind = command_kind::SET_TIMER;
                command.id = timer.0;
                command.price = at.0;
            }
            CommandBody::CancelTimer { timer } => {
                command.kind = command_kind::CANCEL_TIMER;
                command.id = timer.0;
            }
            CommandBody::Metric { metric, value } => {
                command.kind = command_kind::METRIC;
                command.id = metric.into();
                command.price = value.to_bits() as i64;
            }
        }
        command
    }

    /// The command as a batch holds it: a metric says in its quantity on which of the messages it was given, from 0.
    #[inline]
    pub fn given_on(&self, place: usize) -> Command {
        let mut command = *self;
        if command.kind == command_kind::METRIC {
            command.quantity = place as i64;
        }
        command
    }

    /// What the command asks for; `None` where the kind is not known.
    #[inline]
    pub fn body(&self) -> Option<CommandBody> {
        let order_id = OrderId(self.id);
        let timer = TimerId(self.id);
        Some(match self.kind {
            command_kind::SUBMIT => CommandBody::Submit { order_id },
            command_kind::MODIFY => CommandBody::Modify {
                order_id,
                price: Price(self.price),
                quantity: Quantity(self.quantity),
                stop_price: match self.stop_price {
                    0 => Price::UNDEFINED,
                    stop_price => Price(stop_price),
                },
            },
            command_kind::CANCEL => CommandBody::Cancel { order_id },
            command_kind::CANCEL_ALL => CommandBody::CancelAll {
                instrument: (self.instrument != ALL_INSTRUMENTS)
                    .then_some(InstrumentId(self.instrument)),
            },
            command_kind::SET_TIMER => CommandBody::SetTimer {
                timer,
                at: Timestamp(self.price),
            },
            command_kind::CANCEL_TIMER => CommandBody::CancelTimer { timer },
            command_kind::METRIC => CommandBody::Metric {
                metric: u32::try_from(self.id).ok()?,
                value: f64::from_bits(self.price as u64),
            },
            _ => return None,
        })
    }

    /// The command's 80 bytes as they stand in a journal: its fields in order, little-endian.
    pub fn to_bytes(&self) -> [u8; 80] {
        let mut bytes = [0; 80];
        bytes[..4].copy_from_slice(&[self.kind, self.side, self.order_type, self.time_in_force]);
        bytes[4..8].copy_from_slice(&self.instrument.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.id.to_le_bytes());
        let numbers = [
            self.price,
            self.quantity,
            self.stop_price,
            self.trail,
            self.displayed,
            self.expire_at,
        ];
        for (chunk, number) in bytes[16..64].chunks_exact_mut(8).zip(numbers) {
            chunk.copy_from_slice(&number.to_le_bytes());
        }
        bytes[64..68].copy_from_slice(&self.flags.to_le_bytes());
        bytes
    }

    /// The command of 80 bytes as [`Command::to_bytes`] gives them; what is reserved is not read.
    #[inline]
    pub fn from_bytes(bytes: &[u8; 80]) -> Command {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            i64::from_le_bytes(word)
        };
        Command {
            kind: bytes[0],
            side: bytes[1],
            order_type: bytes[2],
            time_in_force: bytes[3],
            instrument: u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            id: word(8) as u64,
            price: word(16),
            quantity: word(24),
            stop_price: word(32),
            trail: word(40),
            displayed: word(48),
            expire_at: word(56),
            flags: u32::from_le_bytes([bytes[64], bytes[65], bytes[66], bytes[67]]),
            ..Command::default()
        }
    }
}

/// The order that a command submits, where it is one and its letters are known.
pub fn command_order(command: &Command) -> Option<(OrderId, Order)> {
    if command.kind != command_kind::SUBMIT {
        return None;
    }
    let order = Order {
        instrument: InstrumentId(command.instrument),
        side: Side::from_code(command.side)?,
        order_type: OrderType::from_code(command.order_type)?,
        time_in_force: TimeInForce::from_code(command.time_in_force)?,
        price: Price(command.price),
        quantity: Quantity(command.quantity),
        stop_price: Price(command.stop_price),
        trail: Price(command.trail),
        displayed: Quantity(command.displayed),
        expire_at: Timestamp(command.expire_at),
        post_only: command.flags & command_flag::POST_ONLY != 0,
    };
    Some((OrderId(command.id), order))
}

impl super::Message {
    /// The message's 64 bytes as they stand in a journal: its fields in order, little-endian.
    pub fn to_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..4].copy_from_slice(&[self.kind, self.flags, self.side, self.detail]);
        bytes[4..8].copy_from_slice(&self.instrument.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.ts_event.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.ts_recv.to_le_bytes());
        for (chunk, word) in bytes[24..].chunks_exact_mut(8).zip(self.words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// The message of bytes that [`Message::to_bytes`](super::Message::to_bytes) gave.
    pub fn from_bytes(bytes: &[u8; 64]) -> super::Message {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        super::Message {
            kind: bytes[0],
            flags: bytes[1],
            side: bytes[2],
            detail: bytes[3],
            instrument: u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            ts_event: word(8) as i64,
            ts_recv: word(16) as i64,
            words: [word(24), word(32), word(40), word(48), word(56)],
        }
    }
}
