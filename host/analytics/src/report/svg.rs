//! Drawings that need no script.
//!
//! Takes in curves, bars and means with their intervals; gives out inline SVG with its axes in words. Colours come from the
//! page's styles, so that dark, light and print suit.

use std::fmt::Write;

use super::{escape, format};
use crate::m4::Point;

const LEFT: f64 = 90.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 12.0;
const BOTTOM: f64 = 28.0;

/// The place of a drawing's values within its box.
struct Frame {
    width: f64,
    height: f64,
    low: f64,
    high: f64,
}

impl Frame {
    fn new(width: f64, height: f64, values: impl Iterator<Item = f64> + Clone) -> Frame {
        let low = values.clone().fold(0.0, f64::min);
        let high = values.fold(0.0, f64::max);
        let high = if high > low { high } else { low + 1.0 };
        Frame {
            width,
            height,
            low,
            high,
        }
    }

    /// The place across of a share of the way from left to right.
    fn x(&self, share: f64) -> f64 {
        LEFT + share * (self.width - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let share = (self.high - value) / (self.high - self.low);
        TOP + share * (self.height - TOP - BOTTOM)
    }

    /// The opening, with lines at the lowest value, zero and the highest.
    fn open(&self, label: &str, class: &str, text: impl Fn(f64) -> String) -> String {
        let (width, height) = (self.width, self.height);
        let mut out = format!(
            "<svg class=\"drawing {class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
            escape::html(label)
        );
        let mut levels = vec![0.0, self.low, self.high];
        levels.dedup_by(|a, b| (self.y(*a) - self.y(*b)).abs() < 14.0);
        if levels.len() == 3 && (self.y(levels[2]) - self.y(0.0)).abs() < 14.0 {
            levels.pop();
        }
        for level in levels {
            let at = self.y(level);
            let _ = write!(
                out,
                "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" class=\"grid\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                self.width - RIGHT,
                LEFT - 8.0,
                at + 4.0,
                text(level)
            );
        }
        out
    }

    fn label(&self, out: &mut String, x: f64, anchor: &str, text: &str) {
        let bottom = self.height - 8.0;
        let _ = write!(
            out,
            "<text x=\"{x:.1}\" y=\"{bottom}\" text-anchor=\"{anchor}\">{}</text>",
            escape::html(text)
        );
    }
}

/// The curve as a stepped line between `first` and `last`, in nanoseconds since the Unix epoch.
pub(super) fn equity(points: &[Point], first: i64, last: i64, currency: &str) -> String {
    let frame = Frame::new(900.0, 260.0, points.iter().map(|x| x.value));
    let span = (last as f64 - first as f64).max(1.0);
    let x = |at: i64| frame.x((at as f64 - first as f64) / span);
    let mut path = String::new();
    for (number, point) in points.iter().enumerate() {
        let (x, y) = (x(point.at), frame.y(point.value));
        let _ = match number {
            0 => write!(path, "M{x:.1} {y:.1}"),
            _ => write!(path, "H{x:.1}V{y:.1}"),
        };
    }
    if !points.is_empty() {
        let _ = write!(path, "H{:.1}", x(last));
    }
    let label = format!(
        "Net profit and loss over time, from {} to {} {currency}",
        format::decimal(frame.low, 2),
        format::decimal(frame.high, 2),
    );
    let mut out = frame.open(&label, "wide", |x| format::decimal(x, 2));
    let _ = write!(out, "<path d=\"{path}\" class=\"line\"/>");
    frame.label(&mut out, LEFT, "start", &format::time(first));
    let end = format!("{} UTC", format::time(last));
    frame.label(&mut out, frame.width - RIGHT, "end", &end);
    out + "</svg>"
}

/// A bar: how high, which class of colour, and what it stands for.
pub(super) struct Bar {
    pub(super) value: f64,
    pub(super) class: &'static str,
    pub(super) title: String,
}

/// Bars side by side, with words below the first, the middle and the last.
pub(super) fn bars(
    label: &str,
    bars: &[Bar],
    ends: [&str; 3],
    text: impl Fn(f64) -> String,
) -> String {
    let frame = Frame::new(560.0, 200.0, bars.iter().map(|x| x.value));
    let mut out = frame.open(label, "", text);
    let step = 1.0 / bars.len().max(1) as f64;
    for (place, bar) in bars.iter().enumerate().filter(|x| x.1.value != 0.0) {
        let left = frame.x(place as f64 * step);
        let right = frame.x((place + 1) as f64 * step);
        let gap = if bars.len() > 60 { 0.0 } else { 2.0 };
        let (top, bottom) = (frame.y(bar.value.max(0.0)), frame.y(bar.value.min(0.0)));
        let _ = write!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" class=\"{}\"><title>{}</title></rect>",
            (right - left - gap).max(1.0),
            (bottom - top).max(0.5),
            bar.class,
            escape::html(&bar.title)
        );
    }
    let places = [
        (LEFT, "start"),
        ((LEFT + frame.width - RIGHT) / 2.0, "middle"),
        (frame.width - RIGHT, "end"),
    ];
    for ((x, anchor), text) in places.into_iter().zip(ends) {
        frame.label(&mut out, x, anchor, text);
    }
    out + "</svg>"
}

/// Means with their intervals, in a line over categories.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) class: &'static str,
    /// For each category mean, lower and upper end; none where there is no mean.
    pub(super) values: Vec<Option<[f64; 3]>>,
}

/// Lines of means over categories, each with its interval as a whisker.
pub(super) fn means(label: &str, categories: &[&str], lines: &[Line]) -> String {
    let values = lines
        .iter()
        .flat_map(|x| x.values.iter().flatten().flatten());
    let frame = Frame::new(560.0, 240.0, values.copied());
    let mut out = frame.open(label, "", |x| format::decimal(x, 2));
    let step = 1.0 / categories.len().max(1) as f64;
    for (place, category) in categories.iter().enumerate() {
        let x = frame.x((place as f64 + 0.5) * step);
        frame.label(&mut out, x, "middle", category);
    }
    for (number, line) in lines.iter().enumerate() {
        // Lines stand a little apart, so that their whiskers do.
        let aside = (number as f64 - (lines.len() as f64 - 1.0) / 2.0) * 7.0;
        let x = |place: usize| frame.x((place as f64 + 0.5) * step) + aside;
        let mut path = String::new();
        let mut marks = String::new();
        for (place, value) in line.values.iter().enumerate() {
            let Some([mean, low, high]) = *value else {
                continue;
            };
            let (x, y) = (x(place), frame.y(mean));
            let letter = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{x:.1} {y:.1}");
            let _ = write!(
                marks,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" class=\"whisker {class}\"/>\
                 <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" class=\"dot {class}\"><title>{}, {}: {} bp, {} to {}\
                 </title></circle>",
                frame.y(low),
                frame.y(high),
                escape::html(&line.name),
                categories[place],
                format::decimal(mean, 3),
                format::decimal(low, 3),
                format::decimal(high, 3),
                class = line.class,
            );
        }
        let _ = write!(
            out,
            "<path d=\"{path}\" class=\"line {}\"/>{marks}",
            line.class
        );
    }
    out + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_little_are_drawn_without_a_broken_number() {
        let flat = [Point {
            at: 5,
            value: 0.0,
            tag: 0,
        }];
        let line = Line {
            name: "maker".into(),
            class: "a",
            values: vec![None, Some([0.0; 3])],
        };
        for svg in [
            equity(&flat, 5, 5, "USD"),
            equity(&[], 5, 5, "USD"),
            bars("x", &[], ["", "", ""], |x| x.to_string()),
            means("x", &[], &[]),
            means("x", &["1 s", "5 s"], &[line]),
        ] {
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            assert!(svg.ends_with("</svg>"));
        }
    }
}
