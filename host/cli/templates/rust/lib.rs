//! template_name: buys below a moving average of the mid price and sells above it.
//!
//! Takes in the best bid and ask; gives out one resting order a side at most. Replace `on_market` by an idea of yours.

use backplane_sdk::prelude::*;

/// The strategy: one moving average an instrument.
pub struct TemplateName {
    weight: f64,
    distance: f64,
    size: Quantity,
    averages: Vec<Option<f64>>,
}

impl Strategy for TemplateName {
    fn descriptor() -> Descriptor {
        Descriptor::new("template_name", env!("CARGO_PKG_VERSION"))
            .subscribe(Schema::BboPrice)
            .param(Param::integer("length", 100, 2..=100_000, "changes of the best prices to average over"))
            .param(Param::float("distance", 2.0, 0.0..=1_000.0, "how far from the average to quote, in basis points"))
            .param(Param::integer("size", 1, 1..=1_000_000, "quantity of an order, and the most to hold"))
            .metric("average")
    }

    fn new(params: &Params) -> Result<Self, String> {
        Ok(TemplateName {
            weight: 2.0 / (params.integer("length") as f64 + 1.0),
            distance: params.float("distance") / 10_000.0,
            size: Quantity(params.integer("size")),
            averages: Vec::new(),
        })
    }

    fn on_start(&mut self, ctx: &mut Context) {
        self.averages = vec![None; ctx.instruments().len()];
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        let MarketEvent::Bbo(bbo) = event else { return };
        if !bbo.bid_price.is_defined() || !bbo.ask_price.is_defined() {
            return;
        }
        let mid = (bbo.bid_price.as_f64() + bbo.ask_price.as_f64()) / 2.0;
        let average = &mut self.averages[bbo.instrument.index()];
        let before = average.unwrap_or(mid);
        let now = before + self.weight * (mid - before);
        *average = Some(now);
        ctx.metric(0, now);
        let is_busy = ctx.open_orders().iter().any(|x| x.instrument == bbo.instrument);
        if is_busy {
            ctx.cancel_all(Some(bbo.instrument));
            return;
        }
        let position = ctx.position(bbo.instrument);
        let is_cheap = mid < now * (1.0 - self.distance);
        let is_dear = mid > now * (1.0 + self.distance);
        if is_cheap && position < self.size {
            let order = Order::limit(bbo.instrument, Side::Buy, bbo.bid_price, self.size);
            ctx.submit(order.post_only());
        } else if is_dear && position > -self.size {
            let order = Order::limit(bbo.instrument, Side::Sell, bbo.ask_price, self.size);
            ctx.submit(order.post_only());
        }
    }

    fn on_stop(&mut self, ctx: &mut Context) {
        ctx.cancel_all(None);
    }

    fn save(&self) -> Vec<u8> {
        let mut saver = Saver::new();
        saver.floats(self.averages.iter().map(|x| x.unwrap_or(f64::NAN)));
        saver.finish()
    }

    fn load(&mut self, _: u32, bytes: &[u8]) -> Result<(), String> {
        let mut saved = Saved::new(bytes);
        let averages: Vec<f64> = saved.floats()?;
        saved.end()?;
        let known = averages.into_iter().map(|x| (!x.is_nan()).then_some(x));
        self.averages = known.collect();
        Ok(())
    }
}

backplane_sdk::export_strategy!(TemplateName);

#[cfg(test)]
mod tests {
    use backplane_sdk::testing::Harness;

    use super::*;

    fn quick() -> Harness<TemplateName> {
        Harness::new(&[("length", "2"), ("distance", "1")]).unwrap()
    }

    #[test]
    fn it_buys_below_the_average_and_sells_above_it() {
        let mut harness = quick();
        harness.bbo(100.00, 100.02);
        assert!(harness.orders().is_empty());
        harness.bbo(99.00, 99.02);
        let orders = harness.orders();
        assert_eq!((orders.len(), orders[0].1.side), (1, Side::Buy));
        harness.fill_all(99.00);
        harness.bbo(101.00, 101.02);
        assert_eq!(harness.orders()[0].1.side, Side::Sell);
    }

    #[test]
    fn it_keeps_one_order_at_most() {
        let mut harness = quick();
        harness.bbo(100.00, 100.02);
        harness.bbo(99.00, 99.02);
        harness.bbo(98.00, 98.02);
        assert!(harness.orders().is_empty(), "the first one is cancelled first");
    }

    #[test]
    fn its_state_goes_to_another_instance() {
        let mut harness = quick();
        harness.bbo(100.00, 100.02);
        let bytes = harness.strategy().save();
        let params = Params::defaults(&TemplateName::descriptor().params);
        let mut other = TemplateName::new(&params).unwrap();
        other.load(0, &bytes).unwrap();
        assert_eq!(other.averages, harness.strategy().averages);
        assert!(other.load(0, &bytes[1..]).is_err());
    }
}
