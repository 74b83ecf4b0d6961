//! The tables of what ran: parameters, configuration, digests.
//!
//! Takes in a report; gives out HTML tables.

use super::html_frame::{folded, table};
use super::{Report, escape, format};
use crate::flatten::flatten;

pub(super) fn parameters(report: &Report) -> String {
    let mut rows = String::new();
    for instance in &report.run.description.instances {
        let values: Vec<String> = instance
            .parameters
            .iter()
            .map(|(name, value)| {
                format!(
                    "<code>{} = {}</code>",
                    escape::html(name),
                    escape::html(value)
                )
            })
            .collect();
        let values = if values.is_empty() {
            "none".into()
        } else {
            values.join("<br>")
        };
        rows.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td class=\"left wrap\">{} {}</td><td class=\"left wrap\">{values}</td></tr>",
            escape::html(&instance.name),
            escape::html(&instance.strategy),
            escape::html(&instance.version)
        ));
    }
    let content = table("", &["Strategy", "<Plugin", "<Parameters"], &rows);
    folded(
        report.instances().len(),
        "Parameters of every strategy",
        content,
    )
}

pub(super) fn configuration(report: &Report) -> String {
    let mut values = vec![(
        "starting cash".to_owned(),
        format!(
            "{} {}",
            format::money(report.run.description.starting_cash),
            report.run.description.currency().0
        ),
    )];
    flatten("", &report.run.description.config, &mut values);
    let row = |(name, value): &(String, String)| {
        format!(
            "<tr><th scope=\"row\">{}</th><td class=\"left wrap\">{}</td></tr>",
            escape::html(name),
            escape::html(value)
        )
    };
    let rows: String = values.iter().map(row).collect();
    table("", &["Setting", "<Value"], &rows)
}

pub(super) fn digests(report: &Report) -> String {
    let run = &report.run;
    let row = |name: &str, what: &str, digest: &str| {
        let digest = if digest.is_empty() { "none" } else { digest };
        format!(
            "<tr><th scope=\"row\">{}</th><td class=\"left\">{what}</td><td class=\"left digest\">{}</td></tr>",
            escape::html(name),
            escape::html(digest)
        )
    };
    let mut rows = row("Run", "effects of all", &run.summary.digest);
    rows.push_str(&row(
        &run.description.tape.name,
        "tape",
        &run.description.tape.digest,
    ));
    for (instance, outcome) in run.description.instances.iter().zip(&run.summary.instances) {
        rows.push_str(&row(&instance.name, "effects", &outcome.digest));
        if !instance.plugin_file.is_empty() {
            rows.push_str(&row(
                &instance.plugin_file,
                "plugin",
                &instance.plugin_digest,
            ));
        }
    }
    let content = table("", &["Of", "<What", "<Digest"], &rows);
    folded(
        run.description.instances.len(),
        "Digests of every strategy",
        content,
    )
}
