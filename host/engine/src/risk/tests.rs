//! Limits against orders, one rule at a time.

use backplane_sdk::types::{Fill, Liquidity, Nanos};

use super::*;
use crate::limits::{CollarFrom, Distance, LossLimit, OrderRate, PriceCollar};

const ID: InstrumentId = InstrumentId(0);

fn order(order_id: u64, side: Side, price: i64, quantity: i64) -> RequestBody {
    RequestBody::Submit(NewOrder {
        order_id: OrderId(order_id),
        instrument: ID,
        side,
        limit: Some(Price(price)),
        quantity: Quantity(quantity),
        rest: Rest::Rests,
        post_only: false,
    })
}

fn modify(order_id: u64, quantity: i64) -> RequestBody {
    RequestBody::Modify {
        order_id: OrderId(order_id),
        price: Price(100),
        quantity: Quantity(quantity),
        stop_price: Price::UNDEFINED,
    }
}

fn at(now: i64, position: i64) -> Situation {
    Situation {
        now,
        position: Quantity(position),
        reference: Some(Price(100)),
        lacks_margin: false,
    }
}

fn reason(request: &RequestBody) -> Option<Reason> {
    match request {
        RequestBody::Refuse(refused) => Some(refused.reason),
        RequestBody::RefuseModify { reason, .. } => Some(*reason),
        _ => None,
    }
}

fn update(order_id: u64, status: OrderStatus, quantity: i64) -> Message {
    Message::from(&OrderUpdate {
        instrument: ID,
        order_id: OrderId(order_id),
        side: Some(Side::Buy),
        status,
        reason: Reason::None,
        price: Price(100),
        quantity: Quantity(quantity),
        leaves: Quantity(quantity),
        ts_event: Timestamp(0),
        ts_recv: Timestamp(0),
    })
}

fn fill(order_id: u64, quantity: i64, leaves: i64) -> Message {
    Message::from(&Fill {
        instrument: ID,
        order_id: OrderId(order_id),
        side: Side::Buy,
        price: Price(100),
        quantity: Quantity(quantity),
        leaves: Quantity(leaves),
        fee: Money::ZERO,
        liquidity: Liquidity::Maker,
        ts_event: Timestamp(0),
        ts_recv: Timestamp(0),
    })
}

#[test]
fn the_position_counts_what_is_open_on_the_order_s_side_and_what_a_change_may_add() {
    let mut risk = Risk::new(RiskLimits {
        position_max: Some(Quantity(10)),
        ..RiskLimits::default()
    });
    let ask = |risk: &mut Risk, request, position| reason(&risk.screen(request, &at(0, position)));
    assert_eq!(ask(&mut risk, order(1, Side::Buy, 100, 6), 0), None);
    let refused = Some(Reason::RiskPosition);
    assert_eq!(ask(&mut risk, order(2, Side::Buy, 100, 5), 0), refused);
    assert_eq!(ask(&mut risk, order(3, Side::Sell, 100, 10), 0), None);
    assert_eq!(ask(&mut risk, modify(1, 11), 0), refused);
    assert_eq!(ask(&mut risk, modify(1, 10), 0), None);
    // While the change is on its way, the order may have any size of the two; refused, it has the old one.
    // Both changes are answered: the one that the limits refused, and this one.
    risk.hear(&update(1, OrderStatus::ReplaceRejected, 6));
    risk.hear(&update(1, OrderStatus::ReplaceRejected, 6));
    assert_eq!(ask(&mut risk, order(4, Side::Buy, 100, 4), 0), None);
    risk.hear(&update(4, OrderStatus::Canceled, 4));
    risk.hear(&fill(1, 6, 0));
    assert_eq!(ask(&mut risk, order(5, Side::Buy, 100, 5), 6), refused);
    assert_eq!(ask(&mut risk, order(6, Side::Buy, 100, 4), 6), None);
    assert_eq!(risk.refused(), [(Reason::RiskPosition, 3)]);
}

#[test]
fn size_count_rate_and_collar_have_their_reasons() {
    let mut risk = Risk::new(RiskLimits {
        order_size_max: Some(Quantity(9)),
        open_orders_max: Some(2),
        order_rate_max: Some(OrderRate {
            orders: 3,
            window: Nanos(100),
        }),
        price_collar: Some(PriceCollar {
            distance: Distance::Price(Price(5)),
            from: CollarFrom::Best,
        }),
        ..RiskLimits::default()
    });
    let ask = |risk: &mut Risk, request, now| reason(&risk.screen(request, &at(now, 0)));
    assert_eq!(
        ask(&mut risk, order(1, Side::Buy, 100, 10), 0),
        Some(Reason::RiskOrderSize)
    );
    assert_eq!(
        ask(&mut risk, order(2, Side::Buy, 106, 1), 0),
        Some(Reason::RiskPriceCollar)
    );
    assert_eq!(ask(&mut risk, order(3, Side::Buy, 105, 1), 0), None);
    assert_eq!(ask(&mut risk, order(4, Side::Sell, 95, 1), 10), None);
    assert_eq!(
        ask(&mut risk, order(5, Side::Sell, 95, 1), 20),
        Some(Reason::RiskOpenOrders)
    );
    assert_eq!(
        ask(&mut risk, modify(3, 10), 20),
        Some(Reason::RiskOrderSize)
    );
    // A cancellation is never refused, and no order of the rate.
    let cancel = RequestBody::Cancel {
        order_id: OrderId(3),
    };
    assert_eq!(ask(&mut risk, cancel, 25), None);
    assert_eq!(ask(&mut risk, modify(3, 2), 30), None);
    assert_eq!(
        ask(&mut risk, modify(3, 3), 99),
        Some(Reason::RiskOrderRate)
    );
    assert_eq!(ask(&mut risk, modify(3, 3), 100), None);
    // What the limits do not know of is the exchange's business.
    assert_eq!(ask(&mut risk, modify(77, 3), 400), None);
}

#[test]
fn a_loss_ends_orders_then_positions_then_the_strategy() {
    let limit = LossLimit {
        loss: Money(50),
        flatten: true,
        then: AfterLoss::Stop,
    };
    let mut risk = Risk::new(RiskLimits {
        loss_max: Some(limit),
        ..RiskLimits::default()
    });
    let sent = risk.screen(order(1, Side::Buy, 100, 6), &at(0, 0));
    assert_eq!(reason(&sent), None);
    assert!(!risk.value(Money(-49), Timestamp(1)));
    assert!(risk.value(Money(-50), Timestamp(2)));
    assert!(!risk.value(Money(-60), Timestamp(3)), "it happens once");
    let refused = risk.screen(order(2, Side::Buy, 100, 6), &at(0, 0));
    assert_eq!(reason(&refused), Some(Reason::KillSwitch));
    assert_eq!(risk.duty(true, true), Duty::None, "an order is open");
    risk.hear(&update(1, OrderStatus::Canceled, 6));
    assert_eq!(risk.duty(true, false), Duty::Flatten);
    let close = risk.close(ID, Quantity(-7));
    assert_eq!((close.side, close.quantity), (Side::Buy, Quantity(7)));
    assert_eq!(risk.duty(true, true), Duty::None, "it is on its way");
    risk.hear(&fill(close.order_id.0, 4, 3));
    risk.hear(&update(close.order_id.0, OrderStatus::Canceled, 7));
    assert_eq!(risk.duty(true, false), Duty::None);
    assert_eq!(risk.duty(true, true), Duty::Flatten, "again, for the rest");
    let kill = Kill {
        at: Timestamp(2),
        loss: Money(50),
        limit,
    };
    assert_eq!(risk.duty(false, true), Duty::Stop(kill));
    assert_eq!(risk.duty(false, true), Duty::None);
}

#[test]
fn an_order_counts_whole_until_every_change_of_it_was_answered() {
    let mut risk = Risk::new(RiskLimits {
        position_max: Some(Quantity(20)),
        ..RiskLimits::default()
    });
    assert_eq!(
        reason(&risk.screen(order(1, Side::Buy, 100, 5), &at(0, 0))),
        None
    );
    let refused = risk.screen(modify(1, 30), &at(1, 0));
    assert_eq!(reason(&refused), Some(Reason::RiskPosition));
    assert_eq!(reason(&risk.screen(modify(1, 20), &at(2, 0))), None);
    // The refusal is heard first, while the change to 20 is still on its way.
    risk.hear(&update(1, OrderStatus::ReplaceRejected, 5));
    let more = risk.screen(order(2, Side::Buy, 100, 15), &at(3, 0));
    assert_eq!(reason(&more), Some(Reason::RiskPosition));
    risk.hear(&update(1, OrderStatus::Replaced, 20));
    let more = risk.screen(order(3, Side::Buy, 100, 1), &at(4, 0));
    assert_eq!(reason(&more), Some(Reason::RiskPosition));
}
