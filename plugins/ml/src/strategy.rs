//! The strategy: features, model, position.
//!
//! Takes in changes of price levels and trades; gives out market orders for what is missing of the position that the
//! model's prediction is worth, and the prediction of each row as a metric.

use std::path::PathBuf;

use backplane_sdk::prelude::*;

use crate::extractor::FeatureExtractor;
use crate::model::{self, Model};
use crate::sizer::PositionSizer;

/// The folder of the trained model.
const FOLDER: &str = "BACKPLANE_MODEL";

/// The strategy.
pub(crate) struct Ml {
    extractor: FeatureExtractor,
    model: Box<dyn Model>,
    sizer: PositionSizer,
    /// It watches until then, and trades afterwards.
    begin: Timestamp,
}

impl Ml {
    /// Sends what is missing of a target.
    fn reach(target: Quantity, instrument: InstrumentId, held: Quantity, ctx: &mut Context) {
        let missing = target - held;
        let side = if missing.0 > 0 { Side::Buy } else { Side::Sell };
        if !missing.is_zero() {
            ctx.submit(Order::market(instrument, side, missing.abs()));
        }
    }
}

/// What is held when all that was sent is done.
fn held(instrument: InstrumentId, ctx: &Context) -> Quantity {
    let open = ctx.open_orders().iter();
    let open = open.filter(|x| x.instrument == instrument);
    open.fold(ctx.position(instrument), |sum, x| {
        sum + x.side.signed(x.leaves)
    })
}

impl Strategy for Ml {
    fn descriptor() -> Descriptor {
        Descriptor::new("ml", env!("CARGO_PKG_VERSION"))
            .subscribe(Schema::Mbp)
            .subscribe(Schema::Trades)
            .param(Param::boolean(
                "python",
                false,
                "whether the model runs in Python, not as ONNX",
            ))
            .param(Param::integer(
                "begin",
                0,
                0..=i64::MAX / 1_000_000_000,
                "second since the Unix epoch at which trading begins",
            ))
            .param(Param::float(
                "entry",
                0.5,
                0.0..=1_000.0,
                "expected return to enter at, in basis points",
            ))
            .param(Param::float(
                "exit",
                0.1,
                0.0..=1_000.0,
                "expected return against a position to leave it at, in basis points",
            ))
            .param(Param::integer("size", 1, 1..=1_000_000, "position to hold"))
            .metric("prediction")
    }

    fn new(params: &Params) -> Result<Self, String> {
        let folder = std::env::var_os(FOLDER).map(PathBuf::from);
        let folder = folder.ok_or_else(|| {
            format!("{FOLDER} is not set: give it the folder of a trained model (`cargo xtask learn` makes one)")
        })?;
        let extractor = FeatureExtractor::read(&folder.join("features.txt"))?;
        Ok(Ml {
            model: model::load(&folder, params.boolean("python"), extractor.width())?,
            extractor,
            sizer: PositionSizer {
                entry: params.float("entry"),
                exit: params.float("exit"),
                size: Quantity(params.integer("size")),
            },
            begin: Timestamp(params.integer("begin") * 1_000_000_000),
        })
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        let Some(row) = self.extractor.hear(event, ctx) else {
            return;
        };
        if row.heard < self.begin {
            return;
        }
        let prediction = match self.model.predict(row.values) {
            Ok(prediction) => prediction,
            Err(reason) => panic!("{reason}"),
        };
        let instrument = row.instrument;
        ctx.metric(0, prediction);
        let held = held(instrument, ctx);
        let target = self.sizer.target(prediction, held);
        Ml::reach(target, instrument, held, ctx);
    }
}
