//! What happens to an instrument at its time: its orders end, and its position is told what to become.
//!
//! Takes in the calendar's events, when everything that the tape says of their time has happened; gives out answers that
//! travel behind all fills before them, so that whoever hears one knows the position that the exchange knew.

use backplane_sdk::abi::Message;
use backplane_sdk::types::{InstrumentId, OrderStatus, Reason, TimerId, Timestamp};

use super::{Exchange, View};
use crate::request::{HAPPENING, Happening};
use crate::schedule::{Event, Occasion};

impl Exchange {
    /// Begins the calendar at the exchange time of the tape's first row.
    pub fn begin(&mut self, at: i64) {
        self.begins = at;
        self.calendar.begin(at);
    }

    /// When something happens next to an instrument; `i64::MAX` where nothing does before the tape ends.
    #[inline]
    pub(super) fn next_happening(&self) -> i64 {
        let next = self.calendar.next();
        if next > self.entry_closes {
            i64::MAX
        } else {
            next
        }
    }

    /// What is due next happens.
    #[cold]
    pub(super) fn happen(&mut self, view: &View<'_>) {
        let Some(event) = self.calendar.take() else {
            return;
        };
        // What was over before the tape began is told of at its beginning.
        let at = event.at.0.max(self.begins);
        match event.occasion {
            Occasion::Expiry { .. } => {
                self.expired.push(event.instrument);
                let reason = Reason::InstrumentExpired;
                self.end_all(event.instrument, OrderStatus::Expired, reason, at);
            }
            Occasion::Split { .. } => {
                let reason = Reason::CorporateAction;
                self.end_all(event.instrument, OrderStatus::Canceled, reason, at);
            }
            _ => {}
        }
        self.tell(view, &event, at);
    }

    fn end_all(&mut self, instrument: InstrumentId, status: OrderStatus, reason: Reason, at: i64) {
        while let Some(order) = self.remove_first(Some(instrument)) {
            self.update(&order, status, reason, at);
        }
    }

    fn tell(&mut self, view: &View<'_>, event: &Event, at: i64) {
        let last = self.last_trade(view, event.instrument);
        let truth = view.truth(event.instrument, self.matched).best_levels();
        let mut message = Message::timer(TimerId(0), Timestamp(at));
        message.kind = HAPPENING;
        message.ts_recv = self.due(at);
        self.answers.push_back(message);
        self.happenings.push_back(Happening {
            event: *event,
            mark: truth.mid().or(last),
            last,
        });
    }

    /// What else is known of a happening. To be called once for each that [`Exchange::take_answer`] gives.
    pub fn take_happening(&mut self) -> Option<Happening> {
        self.happenings.pop_front()
    }

    /// Whether an instrument has expired.
    #[inline]
    pub(super) fn has_expired(&self, instrument: InstrumentId) -> bool {
        !self.expired.is_empty() && self.expired.contains(&instrument)
    }
}
