//! Guests that hear many messages in one call, ahead of the market: the size of a batch changes nothing.
//!
//! Takes in random markets, played through strategies that hear one message a call and through the same strategies with
//! books of their own and batches of up to 1,024; gives out digests, which must be equal. What the strategies see is in
//! their metrics, and so in the digest.

use backplane_engine::RunConfig;
use backplane_engine::fault::Fault;
use backplane_engine::guest::{Guest, InProcess, Replies};
use backplane_engine::limits::{AfterLoss, LossLimit, RiskLimits};
use backplane_engine::record::Unrecorded;
use backplane_engine::schedule::{Event, Occasion, Recurring, Schedule};
use backplane_engine::summary::{Outcome, RunSummary};
use backplane_sdk::Strategy;
use backplane_sdk::abi::{Command, CommandBody, Message};
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::prelude::*;
use backplane_tape::SourceMessage;
use backplane_tests::rows::{self, Rows, levels, resolve};
use proptest::prelude::*;

use crate::oracle::{Delays, flow};

/// How the strategy hears of books and how often it does something.
const ORDERS: u8 = 0;
const LEVELS: u8 = 1;
const BEST: u8 = 2;
const BARS: u8 = 3;

/// Records a number made of all that it sees, at each message, and trades now and then.
struct Observer<const KIND: u8> {
    heard: u64,
    /// It does something at one of so many messages.
    pause: u64,
}

impl<const KIND: u8> Observer<KIND> {
    /// A number made of all that the strategy sees of an instrument.
    fn seen(&self, instrument: InstrumentId, ctx: &Context) -> u64 {
        let mut seen = self.heard;
        let mut note = |value: i64| {
            seen = (seen ^ value as u64)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .rotate_left(23);
        };
        for side in Side::BOTH {
            for level in ctx.book(instrument).levels(side) {
                note(level.price.0);
                note(level.size.0);
            }
        }
        for order in ctx.open_orders().iter() {
            note(order.order_id.0 as i64);
            note(order.leaves.0);
        }
        note(ctx.position(instrument).0);
        note(ctx.session(instrument).volume.0);
        note(ctx.now().0);
        seen
    }

    fn act(&self, seen: u64, instrument: InstrumentId, ctx: &mut Context) {
        if !seen.is_multiple_of(self.pause) {
            return;
        }
        let choice = seen / self.pause;
        let side = Side::BOTH[(choice % 2) as usize];
        match choice / 2 % 5 {
            0 => ctx.cancel_all(None),
            1 => ctx.set_timer(
                TimerId(choice % 3),
                ctx.now() + Nanos(1_000 + choice as i64 % 90),
            ),
            _ => {
                let best = ctx.book(instrument).best(side);
                let price = best.map_or(Price(100), |x| x.price);
                ctx.submit(order(choice / 10, instrument, side, price, ctx.now()));
            }
        }
    }
}

/// An order of a kind that depends on the choice, at the best price or about it.
fn order(choice: u64, instrument: InstrumentId, side: Side, price: Price, now: Timestamp) -> Order {
    let quantity = Quantity(1 + choice as i64 % 4);
    let beyond = Price(price.0 + 2 * side.signed(Quantity(1)).0);
    let limit = Order::limit(instrument, side, price, quantity);
    match choice / 4 % 8 {
        0 => Order::stop(instrument, side, beyond, quantity),
        1 => Order::trailing_stop(instrument, side, Price(1), quantity),
        2 => limit.good_till(now + Nanos(50 + choice as i64 % 900)),
        3 => limit.iceberg(Quantity(1)),
        4 => Order::market(instrument, side, quantity),
        _ => limit,
    }
}

impl<const KIND: u8> Strategy for Observer<KIND> {
    fn descriptor() -> Descriptor {
        let bare = Descriptor::new("observer", "1.0.0").metric("seen");
        let bare = bare.param(Param::integer("pause", 5, 1..=1_000_000, "pause"));
        match KIND {
            ORDERS => bare.subscribe(Schema::Mbo).subscribe(Schema::Bbo),
            LEVELS => bare.subscribe(Schema::Mbp).subscribe(Schema::Trades),
            BARS => bare
                .subscribe(Schema::BboPrice)
                .subscribe(Schema::Ohlcv(Interval::Second)),
            _ => bare.subscribe(Schema::BboPrice),
        }
    }

    fn new(params: &Params) -> Result<Self, String> {
        let pause = params.integer("pause") as u64;
        Ok(Observer { heard: 0, pause })
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        self.heard += 1;
        let seen = self.seen(event.instrument(), ctx);
        ctx.metric(0, (seen >> 12) as f64);
        self.act(seen, event.instrument(), ctx);
    }

    fn on_order(&mut self, _: &OrderEvent, ctx: &mut Context) {
        let seen = self.seen(InstrumentId(0), ctx);
        ctx.metric(0, (seen >> 12) as f64);
    }

    fn on_timer(&mut self, _: TimerId, ctx: &mut Context) {
        let seen = self.seen(InstrumentId(0), ctx);
        self.act(seen, InstrumentId(0), ctx);
    }
}

fn guest<const KIND: u8>(pause: i64, batch: usize) -> Box<dyn Guest> {
    let declared = Observer::<KIND>::descriptor().params;
    let params = Params::defaults(&declared);
    let params = params.with("pause", Value::Integer(pause)).unwrap();
    if batch == 1 {
        return Box::new(InProcess::<Observer<KIND>>::new(&params).unwrap());
    }
    Box::new(InProcess::<Observer<KIND>>::in_batches(&params, batch).unwrap())
}

/// The strategies that a tape can be played to.
pub(crate) fn guests(pause: i64, batch: usize, shows_levels: bool) -> Vec<Box<dyn Guest>> {
    let mut all = vec![
        guest::<LEVELS>(pause, batch),
        guest::<BEST>(pause, batch),
        guest::<BARS>(pause, batch),
    ];
    if !shows_levels {
        all.push(guest::<ORDERS>(pause, batch));
    }
    all
}

fn play(source: Rows, guests: Vec<Box<dyn Guest>>, delays: Delays) -> RunSummary {
    play_within(source, guests, delays, None)
}

/// As [`play`] where nobody may lose so much.
fn play_within(
    mut source: Rows,
    guests: Vec<Box<dyn Guest>>,
    delays: Delays,
    loss_max: Option<LossLimit>,
) -> RunSummary {
    let limits = RiskLimits {
        position_max: loss_max.map(|_| Quantity(9)),
        loss_max,
        ..RiskLimits::default()
    };
    let config = RunConfig {
        latency: delays.latency(),
        schedule: happenings(),
        sample_interval: Nanos::from_millis(1),
        ..RunConfig::default()
    };
    let limits = vec![limits; guests.len()];
    rows::play_by(&mut source, guests, config, limits, &mut Unrecorded).unwrap()
}

/// What happens to positions every now and then, and at once.
fn happenings() -> Schedule {
    let instrument = InstrumentId(0);
    let event = |at, occasion| Event {
        at: Timestamp(at),
        instrument,
        occasion,
    };
    let recurring = Recurring {
        first: Timestamp(0),
        every: Nanos(777_777),
        instrument,
        occasion: Occasion::Funding { rate: 40_000_000 },
    };
    let amount = Price(3);
    let events = vec![
        event(2_700, Occasion::Dividend { amount }),
        event(2_700_000, Occasion::Dividend { amount }),
        event(3_300_000, Occasion::Split { new: 2, old: 1 }),
        event(4_500_000, Occasion::Expiry { price: None }),
    ];
    Schedule::new(events, vec![recurring])
}

/// A market in which accounts are valued again and again: some milliseconds long.
fn slow(seed: u64, steps: usize) -> Vec<SourceMessage> {
    let slower = |x: Timestamp| Timestamp(x.0 * 1_000);
    let messages = flow::random(seed, steps).into_iter();
    let messages = messages.map(|x| SourceMessage {
        ts_event: slower(x.ts_event),
        ts_recv: slower(x.ts_recv),
        ..x
    });
    messages.collect()
}

fn digests(summary: &RunSummary) -> Vec<[u8; 32]> {
    summary.instances.iter().map(|x| x.digest).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_size_of_a_guests_batches_changes_nothing(
        seed in 1u64..u64::from(u32::MAX),
        feed in 0i64..80,
        entry in 0i64..80,
        response in 0i64..80,
        steps in 20usize..300,
        loaded in 1usize..200,
        pause in 1i64..60,
        shows_levels in any::<bool>(),
    ) {
        let delays = Delays { feed, entry, response };
        let rows = resolve(&flow::random(seed, steps), 1);
        let source = |batch| match shows_levels {
            true => Rows::of_levels(levels(&rows, 1), batch),
            false => Rows::new(rows.clone(), batch),
        };
        let one_by_one = play(source(7), guests(pause, 1, shows_levels), delays);
        for batch in [2, 16, 256, 1_024] {
            let batched = play(source(loaded), guests(pause, batch, shows_levels), delays);
            prop_assert_eq!(digests(&batched), digests(&one_by_one), "batches of {}", batch);
        }
        // Beside each other, too.
        let mut both = guests(pause, 1, shows_levels);
        both.extend(guests(pause, 16, shows_levels));
        let both = digests(&play(source(loaded), both, delays));
        let (singles, batched) = both.split_at(both.len() / 2);
        prop_assert_eq!(singles, batched);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn batches_change_nothing_where_a_loss_ends_a_strategy(
        seed in 1u64..u64::from(u32::MAX),
        feed in 0i64..80_000,
        entry in 0i64..80_000,
        response in 0i64..80_000,
        steps in 100usize..300,
        loss in 1i128..30,
        flatten in any::<bool>(),
        refuses in any::<bool>(),
    ) {
        let delays = Delays { feed, entry, response };
        let rows = resolve(&slow(seed, steps), 1);
        let then = if refuses { AfterLoss::Refuse } else { AfterLoss::Stop };
        let limit = Some(LossLimit { loss: Money(loss), flatten, then });
        let play = |batch, loaded| {
            let source = Rows::new(rows.clone(), loaded);
            play_within(source, guests(3, batch, false), delays, limit)
        };
        let one_by_one = play(1, 7);
        for batch in [2, 1_024] {
            let batched = play(batch, 100);
            prop_assert_eq!(digests(&batched), digests(&one_by_one), "batches of {}", batch);
            for (batched, single) in batched.instances.iter().zip(&one_by_one.instances) {
                // Guests with books of their own hear more messages, of the levels within an event.
                let stopped = |x: &Outcome| matches!(x, Outcome::Stopped { .. });
                prop_assert_eq!(stopped(&batched.outcome), stopped(&single.outcome));
                prop_assert_eq!(&batched.kill, &single.kill);
            }
        }
    }
}

#[test]
fn losses_end_strategies_of_these_markets_when_they_are_valued_and_when_they_trade() {
    let delays = Delays {
        feed: 20_000,
        entry: 30_000,
        response: 10_000,
    };
    let limit = LossLimit {
        loss: Money(8),
        flatten: true,
        then: AfterLoss::Stop,
    };
    let (mut valued, mut traded) = (0, 0);
    for seed in 1..150 {
        let source = Rows::new(resolve(&slow(seed, 200), 1), 50);
        let summary = play_within(source, guests(3, 1, false), delays, Some(limit));
        for kill in summary.instances.iter().filter_map(|x| x.kill) {
            let is_valued = kill.at.0 % 1_000_000 == 0;
            valued += usize::from(is_valued);
            traded += usize::from(!is_valued);
        }
    }
    println!("{valued} when valued, {traded} when they traded");
    assert!(valued > 5 && traded > 5, "{valued} {traded}");
}

/// What a guest with batches does wrong.
#[derive(Clone, Copy)]
enum Sin {
    HearsNothing,
    HearsTooMuch,
    Faults,
    GivesAMetricOfLater,
    AsksWithinAnEvent,
}

/// A guest that takes batches and does something wrong in its first call with market data.
struct Sinner(Descriptor, Sin);

impl Guest for Sinner {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn hear(
        &mut self,
        messages: &[Message],
        _: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        let is_level = |x: &Message| x.kind == backplane_sdk::abi::v1::kind::LEVEL;
        if !messages.iter().any(is_level) {
            return Ok(messages.len());
        }
        let metric = Command::new(CommandBody::Metric {
            metric: 0,
            value: 1.0,
        });
        match self.1 {
            Sin::HearsNothing => Ok(0),
            Sin::HearsTooMuch => Ok(messages.len() + 1),
            Sin::Faults => Err(Box::new(Fault::new("it fell over"))),
            Sin::GivesAMetricOfLater => {
                replies.commands.push(metric.given_on(messages.len()));
                Ok(messages.len())
            }
            Sin::AsksWithinAnEvent => {
                let within = |x: &Message| is_level(x) && !Flags(x.flags).is_last();
                let Some(place) = messages.iter().position(within) else {
                    return Ok(messages.len());
                };
                let cancel = CommandBody::CancelAll { instrument: None };
                replies.commands.push(Command::new(cancel));
                Ok(place + 1)
            }
        }
    }

    fn keeps_books(&self) -> bool {
        true
    }

    fn batch_max(&self) -> usize {
        8
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        Err(Fault::new("there is nothing to save"))
    }

    fn load(&mut self, _: u32, _: &[u8]) -> Result<(), Fault> {
        Err(Fault::new("there is nothing to load"))
    }
}

#[test]
fn a_guest_that_does_its_batches_wrong_is_stopped_alone() {
    let rows = resolve(&flow::random(11, 200), 1);
    let delays = Delays {
        feed: 20,
        entry: 30,
        response: 10,
    };
    let alone = play(
        Rows::new(rows.clone(), 50),
        vec![guest::<BEST>(5, 1)],
        delays,
    );
    for (sin, expected) in [
        (Sin::HearsNothing, "it says that it heard 0 messages"),
        (Sin::HearsTooMuch, "it says that it heard"),
        (Sin::Faults, "it fell over"),
        (Sin::GivesAMetricOfLater, "it gave a metric for message"),
        (
            Sin::AsksWithinAnEvent,
            "it asked for something within an event",
        ),
    ] {
        let descriptor = Descriptor::new("sinner", "1.0.0").subscribe(Schema::Mbp);
        let sinner: Box<dyn Guest> = Box::new(Sinner(descriptor, sin));
        let source = Rows::new(rows.clone(), 50);
        let summary = play(source, vec![sinner, guest::<BEST>(5, 1)], delays);
        let Outcome::Stopped { fault, .. } = &summary.instances[0].outcome else {
            panic!("{expected}: not stopped");
        };
        assert!(fault.message.starts_with(expected), "{}", fault.message);
        assert_eq!(digests(&summary)[1], digests(&alone)[0]);
    }
}
