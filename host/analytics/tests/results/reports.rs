//! The reports of runs of every size read well and hold no text that could do harm.

use std::path::Path;

use backplane_analytics::{Report, TextOptions};

use crate::synthetic::{Behaviour, Spec, run};
use crate::tables::three;

const SECOND: i64 = 1_000_000_000;

/// The runs that reports must suit.
fn samples() -> Vec<(&'static str, Spec)> {
    let many: Vec<Behaviour> = (0..300)
        .map(|x| Behaviour::new(&format!("sweep-{x:03}"), 200 + x, x % 2 == 0))
        .collect();
    let mut one_fill = Spec::new(vec![Behaviour::new("once", 1, false)], 3_600, SECOND);
    one_fill.strategies[0].stopped = Some(1);
    vec![
        ("three", three()),
        (
            "none",
            Spec::new(vec![Behaviour::new("idle", 0, true)], 3_600, SECOND),
        ),
        ("one", one_fill),
        ("many", Spec::new(many, 4_000, 20 * SECOND)),
        (
            "second",
            Spec::new(vec![Behaviour::new("fast", 9, true)], 1_000, SECOND / 1_000),
        ),
        (
            "years",
            Spec::new(
                vec![Behaviour::new("slow", 3, false)],
                48_000,
                3_600 * SECOND,
            ),
        ),
    ]
}

fn text(report: &Report, color: bool) -> String {
    report.text(&TextOptions {
        color,
        directory: Path::new("results/run-1"),
    })
}

#[test]
fn every_size_of_run_fits_eighty_columns_and_has_no_broken_number() {
    for (name, spec) in samples() {
        let directory = tempfile::tempdir().unwrap();
        let (report, _) = run(directory.path(), &spec);
        let words = text(&report, false);
        for line in words.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
        let page = report.html();
        for bad in ["NaN", "inf<", "inf%", ">null<"] {
            assert!(!words.contains(bad), "{name}: {bad}");
            let (tables, _) = page.split_once("<script").unwrap();
            assert!(!tables.contains(bad), "{name}: {bad}");
        }
        assert!(page.len() < 4_000_000, "{name}: {} bytes", page.len());
        serde_json::from_str::<serde_json::Value>(&report.json()).unwrap();
        // For a look at the pages: BACKPLANE_SAMPLES names a directory for them.
        if let Some(samples) = std::env::var_os("BACKPLANE_SAMPLES") {
            let samples = Path::new(&samples);
            std::fs::write(samples.join(format!("{name}.html")), &page).unwrap();
            std::fs::write(samples.join(format!("{name}.txt")), &words).unwrap();
        }
    }
}

#[test]
fn the_text_of_a_small_run_is_as_expected() {
    let directory = tempfile::tempdir().unwrap();
    let mut strategies = vec![
        Behaviour::new("maker", 3, true),
        Behaviour::new("taker", 9, false),
    ];
    strategies[1].stopped = Some(300);
    let (report, _) = run(directory.path(), &Spec::new(strategies, 600, SECOND));
    let expected = include_str!("small.txt");
    let found = text(&report, false);
    if let Some(path) = std::env::var_os("BACKPLANE_UPDATE") {
        std::fs::write(path, &found).unwrap();
    }
    assert_eq!(found, expected);
    let colored = text(&report, true);
    assert!(colored.contains("\u{1b}[33m"));
    let mut plain = colored;
    for style in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[33m"] {
        plain = plain.replace(style, "");
    }
    assert_eq!(plain, expected, "colour changes no character");
}

#[test]
fn hostile_names_stay_text_everywhere() {
    let hostile = "</script><img src=x onerror=\"alert('1')\">\u{1b}[2J<!--";
    let mut spec = Spec::new(
        vec![
            Behaviour::new(hostile, 3, true),
            Behaviour::new("{{data}}", 3, false),
        ],
        300,
        SECOND,
    );
    spec.symbol = format!("{hostile}symbol");
    spec.fault = format!("{hostile}fault");
    spec.strategies[1].stopped = Some(200);
    let directory = tempfile::tempdir().unwrap();
    let (report, _) = run(directory.path(), &spec);
    let page = report.html();
    assert!(
        !page.contains("<img"),
        "no element of a hostile name comes alive"
    );
    assert!(!page.contains('\u{1b}'));
    // Three scripts: the data, the library, the page's own.
    assert_eq!(page.matches("</script").count(), 3);
    assert_eq!(page.matches("<!--").count(), 0);
    let (_, data) = page.split_once("id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(
        data["curves"][1]["name"], hostile,
        "the data itself is unchanged"
    );
    assert!(!text(&report, false).contains('\u{1b}'));
}

#[test]
fn the_page_asks_for_nothing_from_outside() {
    let directory = tempfile::tempdir().unwrap();
    let (report, _) = run(directory.path(), &three());
    let page = report.html();
    assert!(page.contains("default-src 'none'"));
    for outside in [
        "src=\"",
        "href=\"",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn the_vendored_chart_library_is_as_published() {
    let readme = include_str!("../../vendor/uplot/README.md");
    let script = include_bytes!("../../vendor/uplot/uPlot.iife.min.js");
    let style = include_bytes!("../../vendor/uplot/uPlot.min.css");
    for file in [&script[..], &style[..]] {
        let digest = blake3::hash(file).to_string();
        assert!(readme.contains(&digest), "{digest}");
    }
}
