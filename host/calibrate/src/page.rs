//! The study as a page that opens offline.
//!
//! Takes in a report; gives out HTML without scripts, fonts or links to anywhere. The figures are those of the text.

use std::fmt::Write;

use crate::agreement::Agreement;
use crate::level_report::{Chosen, ModelLine, PriceLevel};
use crate::report::{OrderLevel, Report, figure};

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
table{border-collapse:collapse;margin:.5rem 0 1.5rem}\
th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}\
th:first-child,td:first-child{text-align:left}\
.told{background:#eef3f8;padding:.7rem 1rem}\
@media (prefers-color-scheme:dark){body{background:#15181c;color:#dde}th,td{border-color:#333}.told{background:#222a33}}";

/// The page of a report.
pub fn page(report: &Report) -> String {
    let mut html = String::new();
    let title = format!("How true the fills are: {}", escaped(&report.tape));
    let facts = format!(
        "{} rows, {} orders, {} older than the tape, {} ghosts, seed {}",
        report.rows, report.orders, report.orders_older, report.ghosts, report.seed
    );
    let _ = write!(
        html,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style><h1>{title}</h1><p>{facts}</p>"
    );
    if let Some(prices) = &report.price_level {
        recommend(&mut html, prices);
    }
    if let Some(orders) = &report.order_level {
        order_level(&mut html, orders);
    }
    if let Some(prices) = &report.price_level {
        price_level(&mut html, prices);
    }
    html.push_str(
        "<p>It proves how queues are kept, on the market as it was. It does not prove market impact: \
         nobody reacts to a ghost.</p></html>\n",
    );
    html
}

fn recommend(html: &mut String, prices: &PriceLevel) {
    let told = prices.recommendation.as_ref().map_or_else(
        || "nothing was executed: there is no model to recommend".to_owned(),
        ToString::to_string,
    );
    let _ = write!(html, "<p class=\"told\">{}</p>", escaped(told.trim()));
}

fn table(html: &mut String, caption: &str, heads: &[&str], rows: &[Vec<String>]) {
    let _ = write!(html, "<h3>{}</h3><table><tr>", escaped(caption));
    for head in heads {
        let _ = write!(html, "<th>{}</th>", escaped(head));
    }
    html.push_str("</tr>");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            let _ = write!(html, "<td>{}</td>", escaped(cell));
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
}

const ORDER_HEADS: [&str; 8] = [
    "", "ghosts", "executed", "quantity", "ratio", "F1", "Jaccard", "differ",
];

fn order_row(name: &str, x: &Agreement) -> Vec<String> {
    vec![
        name.to_owned(),
        x.ghosts.to_string(),
        x.filled.to_string(),
        x.quantity.to_string(),
        figure(x.ratio, 4),
        figure(x.f1, 4),
        figure(x.jaccard, 4),
        x.differing.to_string(),
    ]
}

fn order_level(html: &mut String, orders: &OrderLevel) {
    html.push_str("<h2>First in, first out on the tape of orders, told by its prints alone</h2>");
    for at in &orders.at {
        let mut rows = vec![
            order_row("nothing excluded", &at.everything),
            order_row("after classes", &at.after_classes),
        ];
        let groups = at.by_kind.iter().map(|x| (x.name.clone(), x));
        let ahead = at.by_ahead.iter().map(|x| (format!("ahead {}", x.name), x));
        rows.extend(
            groups
                .chain(ahead)
                .map(|(name, x)| order_row(&name, &x.agreement)),
        );
        let caption = format!("within {} s", at.seconds);
        table(html, &caption, &ORDER_HEADS, &rows);
    }
    let classes = orders.classes.iter();
    let rows: Vec<_> = classes
        .map(|x| order_row(x.class.text(), &x.agreement))
        .collect();
    table(
        html,
        "classes, within the longest horizon",
        &ORDER_HEADS,
        &rows,
    );
}

const MODEL_HEADS: [&str; 9] = [
    "",
    "executed",
    "ratio",
    "F1",
    "Jaccard",
    "contested",
    "their ratio",
    "their Jaccard",
    "skill",
];

fn model_row(x: &ModelLine) -> Vec<String> {
    let (all, contested) = (&x.agreement, &x.contested.agreement);
    vec![
        x.chosen.to_string(),
        all.filled.to_string(),
        figure(all.ratio, 4),
        figure(all.f1, 4),
        figure(all.jaccard, 4),
        contested.ghosts.to_string(),
        figure(contested.ratio, 3),
        figure(contested.jaccard, 3),
        figure(x.contested.skill, 3),
    ]
}

fn price_level(html: &mut String, prices: &PriceLevel) {
    html.push_str("<h2>Queue models on the tape of price levels</h2>");
    for at in &prices.at {
        let lines = at.models.iter().chain([&at.selected]).chain(&at.placebos);
        let rows: Vec<_> = lines.map(model_row).collect();
        table(
            html,
            &format!("within {} s", at.seconds),
            &MODEL_HEADS,
            &rows,
        );
        let choices: Vec<String> = at.choices.iter().map(Chosen::to_string).collect();
        let choices = escaped(&choices.join(", "));
        let _ = write!(
            html,
            "<p>Selected before each block was scored: {choices}.</p>"
        );
    }
}

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(letter),
        }
    }
    safe
}
