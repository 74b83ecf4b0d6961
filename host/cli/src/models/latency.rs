//! The latency models that come with the program.
//!
//! Takes in their settings; gives out the engine's models. `docs/latency.md` describes each.

use std::sync::Arc;

use backplane_engine::delay::{LATENCY_MAX, LatencyModel, Leg};
use backplane_engine::latency::{Bounds, Interpolated, LogNormal, Normal, Quantiles, Samples};
use backplane_sdk::types::{Nanos, Timestamp};

use super::LatencyBuilder;
use super::arguments::{ModelArguments, ModelFile, decimal_of, missing, time_of};

type Built = Result<Arc<dyn LatencyModel>, String>;

/// The models by their names.
pub(super) const BUILDERS: &[(&str, LatencyBuilder)] = &[
    ("normal", normal),
    ("lognormal", log_normal),
    ("empirical", empirical),
    ("interpolated", interpolated),
];

fn bounds(arguments: &ModelArguments<'_>) -> Result<Bounds, String> {
    let minimum = arguments.time("minimum")?.unwrap_or(Nanos::ZERO);
    let maximum = arguments.time("maximum")?.unwrap_or(LATENCY_MAX);
    if minimum > maximum || maximum > LATENCY_MAX {
        return Err(format!(
            "`minimum` and `maximum` are {} ns and {} ns, but must ascend and be at most {} ns",
            minimum.0, maximum.0, LATENCY_MAX.0
        ));
    }
    Ok(Bounds { minimum, maximum })
}

fn normal(_: Leg, arguments: &ModelArguments<'_>) -> Built {
    Ok(Arc::new(Normal {
        mean: arguments.time("mean")?.ok_or_else(|| missing("mean"))?,
        deviation: arguments
            .time("deviation")?
            .ok_or_else(|| missing("deviation"))?,
        bounds: bounds(arguments)?,
    }))
}

fn log_normal(_: Leg, arguments: &ModelArguments<'_>) -> Built {
    let median = arguments.time("median")?.ok_or_else(|| missing("median"))?;
    let sigma = arguments
        .decimal("sigma")?
        .ok_or_else(|| missing("sigma"))?;
    let bounds = bounds(arguments)?;
    if sigma < 0 {
        return Err("`sigma` is negative".into());
    }
    if median < bounds.minimum {
        return Err("`median` is less than `minimum`".into());
    }
    Ok(Arc::new(LogNormal {
        median,
        sigma: sigma as f64 / 1e9,
        bounds,
    }))
}

fn empirical(_: Leg, arguments: &ModelArguments<'_>) -> Built {
    let (samples, quantiles) = (arguments.list("samples")?, arguments.list("quantiles")?);
    match (samples, quantiles, arguments.file()) {
        (Some(list), None, None) => {
            let samples = list.iter().map(|x| time_of("samples", x));
            sampled(samples.collect::<Result<_, _>>()?)
        }
        (None, Some(list), None) => {
            let quantiles = list.iter().map(quantile);
            let quantiles = quantiles.collect::<Result<_, _>>()?;
            Ok(Arc::new(Quantiles::new(quantiles)?))
        }
        (None, None, Some(file)) => measured(file),
        _ => Err("one of `samples`, `quantiles` and `file` must be set".into()),
    }
}

fn quantile(value: &toml::Value) -> Result<(i64, Nanos), String> {
    match value.as_array().map(Vec::as_slice) {
        Some([share, latency]) => Ok((
            decimal_of("quantiles", share)?,
            time_of("quantiles", latency)?,
        )),
        _ => Err("an entry of `quantiles` is not a share and a time".into()),
    }
}

fn sampled(samples: Vec<Nanos>) -> Built {
    let model = Samples::new(samples).ok_or("there are no samples")?;
    Ok(Arc::new(model))
}

/// A file of samples: one column, `latency`, in nanoseconds.
fn measured(file: &ModelFile) -> Built {
    let rows = file.integers(&["latency"])?;
    let samples: Vec<Nanos> = rows.iter().map(|x| Nanos(x[0])).collect();
    if samples.iter().any(|x| *x > LATENCY_MAX) {
        return Err(format!(
            "{}: a sample is longer than {} ns",
            file.name, LATENCY_MAX.0
        ));
    }
    sampled(samples)
}

/// A file of measurements: when each request was sent, when it was at the exchange, and when its answer was back, all in
/// nanoseconds since the Unix epoch, in hftbacktest's words.
fn interpolated(leg: Leg, arguments: &ModelArguments<'_>) -> Built {
    let (start, end) = match leg {
        Leg::Entry => (0, 1),
        Leg::Response => (1, 2),
        Leg::Feed => {
            return Err(
                "the feed is not interpolated: a tape records when each row was heard, see `feed = \"recorded\"`"
                    .into(),
            );
        }
    };
    let file = arguments.file().ok_or_else(|| missing("file"))?;
    let rows = file.integers(&["req_ts", "exch_ts", "resp_ts"])?;
    let mut points: Vec<(Timestamp, Nanos)> = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        let latency = row[end].saturating_sub(row[start]);
        if !(0..=LATENCY_MAX.0).contains(&latency) {
            return Err(format!(
                "{}, measurement {}: a latency of {latency} ns, but must be from 0 to {} ns",
                file.name,
                number + 1,
                LATENCY_MAX.0
            ));
        }
        let point = (Timestamp(row[start]), Nanos(latency));
        // Of several at one time the last counts, as requests may reach the exchange together.
        match points.last_mut() {
            Some(last) if last.0 == point.0 => *last = point,
            _ => points.push(point),
        }
    }
    let model = Interpolated::new(points).map_err(|x| format!("{}: {x}", file.name))?;
    Ok(Arc::new(model))
}
