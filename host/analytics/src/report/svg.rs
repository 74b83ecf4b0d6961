//! A chart for browsers that run no scripts.
//!
//! Takes in the reduced curve of equity; gives out inline SVG with its axes in words.

use std::fmt::Write;

use super::{escape, format};
use crate::m4::Point;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 90.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 12.0;
const BOTTOM: f64 = 28.0;

/// The curve as a stepped line between `first` and `last`, in nanoseconds since the Unix epoch.
pub(super) fn equity(points: &[Point], first: i64, last: i64, currency: &str) -> String {
    let low = points.iter().map(|x| x.value).fold(0.0, f64::min);
    let high = points.iter().map(|x| x.value).fold(0.0, f64::max);
    let high = if high > low { high } else { low + 1.0 };
    let span = (last as f64 - first as f64).max(1.0);
    let x = |at: i64| LEFT + (at as f64 - first as f64) / span * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM);
    let mut path = String::new();
    let mut before: Option<Point> = None;
    for point in points {
        match before {
            None => {
                let _ = write!(path, "M{:.1} {:.1}", x(point.at), y(point.value));
            }
            Some(_) => {
                let _ = write!(path, "H{:.1}V{:.1}", x(point.at), y(point.value));
            }
        }
        before = Some(*point);
    }
    if before.is_some() {
        let _ = write!(path, "H{:.1}", x(last));
    }
    let mut out = format!(
        "<svg class=\"equity-svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Net profit and loss \
         over time, from {} to {} {}\">",
        format::decimal(low, 2),
        format::decimal(high, 2),
        escape::html(currency)
    );
    let mut levels = vec![low, 0.0, high];
    levels.sort_by(f64::total_cmp);
    levels.dedup_by(|a, b| (y(*a) - y(*b)).abs() < 14.0);
    for level in levels {
        let at = y(level);
        let _ = write!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" class=\"grid\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0,
            format::decimal(level, 2)
        );
    }
    let bottom = HEIGHT - 8.0;
    let _ = write!(
        out,
        "<path d=\"{path}\" class=\"line\"/><text x=\"{LEFT}\" y=\"{bottom}\">{}</text>\
         <text x=\"{:.1}\" y=\"{bottom}\" text-anchor=\"end\">{} UTC</text></svg>",
        format::time(first),
        WIDTH - RIGHT,
        format::time(last)
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_a_flat_and_an_empty_curve_without_a_broken_number() {
        let flat = [Point { at: 5, value: 0.0 }];
        for points in [&flat[..], &[]] {
            let svg = equity(points, 5, 5, "USD");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            assert!(svg.ends_with("</svg>"));
        }
    }
}
