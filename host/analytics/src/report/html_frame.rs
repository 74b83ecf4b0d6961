//! How every table of the page is built.
//!
//! Takes in captions, headings and rows; gives out HTML tables with scoped headings, each in a box that scrolls on its own
//! where the page is too narrow.

use backplane_sdk::types::Money;

use super::{Report, escape, format};
use crate::figures::KeyFigures;
use crate::metrics::Figure;

/// From so many strategies on, long tables are folded.
pub(crate) const FOLD_FROM: usize = 13;
/// From so many rows on, a table scrolls in a box of its own.
const TALL_FROM: usize = 30;

pub(crate) fn table(caption: &str, headings: &[&str], rows: &str) -> String {
    let heading = |(place, text): (usize, &&str)| {
        let class = if place == 0 || text.starts_with('<') {
            " class=\"left\""
        } else {
            ""
        };
        format!(
            "<th scope=\"col\"{class}>{}</th>",
            text.trim_start_matches('<')
        )
    };
    let head: String = headings.iter().enumerate().map(heading).collect();
    let label = if caption.is_empty() {
        headings[0].trim_start_matches('<')
    } else {
        caption
    };
    let tall = if rows.matches("<tr").count() > TALL_FROM {
        " tall"
    } else {
        ""
    };
    let caption = if caption.is_empty() {
        String::new()
    } else {
        format!("<caption>{caption}</caption>")
    };
    format!(
        "<div class=\"scroll block{tall}\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\"><table>{caption}\
         <thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

pub(crate) fn folded(count: usize, summary: &str, content: String) -> String {
    if count < FOLD_FROM {
        return content;
    }
    format!("<details><summary>{summary}</summary>{content}</details>")
}

/// A cell with a figure; one that does not exist says why in its title.
pub(crate) fn figure_cell(figure: Figure, text: String) -> String {
    match figure.reason() {
        None => format!("<td>{text}</td>"),
        Some(reason) => format!(
            "<td class=\"none\" title=\"{reason}\" aria-label=\"none: {reason}\">{text}</td>"
        ),
    }
}

pub(crate) fn percent(figure: Figure, decimals: usize) -> String {
    figure_cell(figure, format::percent(figure, decimals))
}

pub(crate) fn decimal(figure: Figure, decimals: usize) -> String {
    figure_cell(figure, format::figure(figure, decimals))
}

pub(crate) fn cell(text: impl std::fmt::Display) -> String {
    format!("<td>{text}</td>")
}

/// One row a strategy, and one for all together where there are several.
pub(crate) fn per_strategy(report: &Report, cells: impl Fn(&KeyFigures) -> String) -> String {
    let mut rows = String::new();
    for figures in report.instances() {
        let tag = if figures.stopped.is_some() {
            "<span class=\"tag\">stopped</span>"
        } else {
            ""
        };
        let name = escape::html(&figures.name);
        let cells = cells(&figures.key);
        rows.push_str(&format!(
            "<tr><th scope=\"row\" title=\"{name}\">{name}{tag}</th>{cells}</tr>"
        ));
    }
    if report.instances().len() > 1 {
        let cells = cells(report.portfolio());
        rows.push_str(&format!(
            "<tr class=\"total\"><th scope=\"row\">All together</th>{cells}</tr>"
        ));
    }
    rows
}

/// A row with its heading.
pub(crate) fn row(heading: &str, cells: &str) -> String {
    format!(
        "<tr><th scope=\"row\">{}</th>{cells}</tr>",
        escape::html(heading)
    )
}

/// A cell with a span of seconds.
pub(crate) fn span(figure: Figure) -> String {
    figure_cell(figure, format::span_figure(figure))
}

/// A cell of words.
pub(crate) fn words(text: &str) -> String {
    format!("<td class=\"left\">{}</td>", escape::html(text))
}

/// A cell with an amount and its sign, coloured by it.
pub(crate) fn gain(value: Money) -> String {
    let class = match value.0 {
        1.. => "up",
        0 => "",
        _ => "down",
    };
    format!("<td class=\"{class}\">{}</td>", format::signed_money(value))
}

/// A note below a table.
pub(crate) fn note(text: &str) -> String {
    format!("<p class=\"note block\">{text}</p>")
}
