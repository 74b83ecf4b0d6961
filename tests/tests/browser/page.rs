//! A page opens alone, draws, and suits its reader.
//!
//! Takes in the report of a run of two strategies and a comparison of two runs; gives out whether a browser shows them as
//! they should be, on a wide and on a narrow screen.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use backplane_tests::{browser, build_directory, command_line};
use serde_json::Value;

use super::chromium::Browser;

/// Pages of real runs.
struct Pages {
    report: PathBuf,
    single: PathBuf,
    comparison: PathBuf,
}

fn backplane(arguments: &[&str]) {
    let output = Command::new(command_line())
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
}

/// Makes the pages once.
fn pages() -> &'static Pages {
    static PAGES: OnceLock<Pages> = OnceLock::new();
    PAGES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
        std::fs::create_dir_all(&folder).unwrap();
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (tape, plugins) = (path("pages.tape"), build_directory());
        let plugins = plugins.to_str().unwrap();
        backplane(&[
            "tape",
            "generate",
            "--messages",
            "80000",
            "--seed",
            "5",
            "--force",
            "-o",
            &tape,
        ]);
        let run = |out: &str, strategies: &[&str]| {
            let mut all = vec![
                "run",
                "--tape",
                &tape,
                "--plugins",
                plugins,
                "--force",
                "-o",
                out,
            ];
            all.extend(["--allow", "native"]);
            strategies
                .iter()
                .for_each(|x| all.extend(["--strategy", x]));
            backplane(&all);
        };
        let (both, single, comparison) = (path("both"), path("single"), path("comparison.html"));
        run(
            &both,
            &["market_maker", "momentum:lookback=20,threshold=0.5"],
        );
        run(&single, &["market_maker:size=2"]);
        backplane(&["compare", &single, &both, "--html", &comparison]);
        Pages {
            report: Path::new(&both).join("report.html"),
            single: Path::new(&single).join("report.html"),
            comparison: comparison.into(),
        }
    })
}

/// What every canvas shows, and where it is.
const CANVASES: &str = "[...document.querySelectorAll('.chart canvas')].map(x => x.toDataURL())";
/// How many pixels of every canvas are drawn on.
const INK: &str = "[...document.querySelectorAll('.chart canvas')].map(x => {
    const bytes = x.getContext('2d').getImageData(0, 0, x.width, x.height).data;
    let ink = 0;
    for (let i = 3; i < bytes.length; i += 4) ink += bytes[i] > 0;
    return ink;
})";

fn strings(value: &Value) -> Vec<String> {
    let all = value.as_array().unwrap().iter();
    all.map(|x| x.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_page_opens_from_disk_alone_and_draws_every_chart() {
    let Some(program) = browser() else { return };
    let pages = pages();
    let mut browser = Browser::start(&program, 1280, 900);
    for (page, charts) in [
        (&pages.report, 4),
        (&pages.single, 4),
        (&pages.comparison, 2),
    ] {
        browser.open(page);
        let own = format!("file://{}", page.display());
        for request in browser.events("Network.requestWillBeSent") {
            assert_eq!(
                request["request"]["url"], own,
                "the page asks for something"
            );
        }
        for method in [
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Runtime.consoleAPICalled",
        ] {
            let said = browser.events(method);
            assert!(said.is_empty(), "{method}: {said:?}");
        }
        let ink = browser.run(INK);
        let ink = ink.as_array().unwrap();
        assert_eq!(ink.len(), charts);
        assert!(ink.iter().all(|x| x.as_u64().unwrap() > 500), "{ink:?}");
    }
}

#[test]
fn a_zoom_of_one_chart_is_a_zoom_of_all_and_ends_with_a_key() {
    let Some(program) = browser() else { return };
    let mut browser = Browser::start(&program, 1280, 3_000);
    browser.open(&pages().report);
    let whole = strings(&browser.run(CANVASES));
    let place = "(() => { const x = document.querySelector('#chart-drawdown .u-over').getBoundingClientRect(); \
                 return [x.left, x.top, x.width, x.height]; })()";
    let place = browser.run(place);
    let [left, top, width, height] = [0, 1, 2, 3].map(|x| place[x].as_f64().unwrap());
    let middle = top + height / 2.0;
    browser.drag((left + width * 0.3, middle), (left + width * 0.5, middle));
    let zoomed = strings(&browser.run(CANVASES));
    for (chart, (before, after)) in whole.iter().zip(&zoomed).enumerate() {
        assert_ne!(before, after, "chart {chart} did not follow");
    }
    browser.run("document.getElementById('chart-equity').focus()");
    browser.press("0");
    assert_eq!(
        browser.run("document.querySelector('[data-zoom=all]').disabled"),
        true
    );
    browser.press("+");
    assert_eq!(
        browser.run("document.querySelector('[data-zoom=all]').disabled"),
        false
    );
}

#[test]
fn what_the_cursor_shows_is_what_the_table_says() {
    let Some(program) = browser() else { return };
    let mut browser = Browser::start(&program, 1280, 900);
    browser.open(&pages().report);
    let table = "[...document.querySelectorAll('section[aria-labelledby=key] tbody tr')].map(x => \
                 [x.querySelector('th').textContent, x.querySelector('td').textContent])";
    let table = browser.run(table);
    browser.run("document.getElementById('chart-equity').focus()");
    browser.press("End");
    let legend = "[...document.querySelectorAll('#chart-equity .u-legend .u-series')].slice(1).map(x => \
                  [x.querySelector('.u-label').textContent, x.querySelector('.u-value').textContent])";
    let legend = browser.run(legend);
    let shown = legend.as_array().unwrap();
    assert_eq!(shown.len(), 3, "all together and two strategies");
    for row in shown {
        let name = row[0].as_str().unwrap().to_lowercase();
        let rows = table.as_array().unwrap().iter();
        let mut rows = rows.filter(|x| x[0].as_str().unwrap().to_lowercase() == name);
        let told = rows.next().unwrap()[1].as_str().unwrap();
        assert_eq!(
            row[1].as_str().unwrap(),
            told.trim_start_matches('+'),
            "{name}"
        );
    }
    // What is shown is also said.
    browser.run("new Promise(done => setTimeout(() => done(true), 250))");
    let said = browser.run("document.getElementById('spoken').textContent");
    assert!(said.as_str().unwrap().contains("market_maker"), "{said}");
}

#[test]
fn dark_and_light_follow_the_system_and_the_button() {
    let Some(program) = browser() else { return };
    let mut browser = Browser::start(&program, 1280, 900);
    browser.open(&pages().report);
    let back = "getComputedStyle(document.body).backgroundColor";
    browser.prefer_dark(false);
    let light = browser.run(back);
    let bright = strings(&browser.run(CANVASES));
    browser.prefer_dark(true);
    let dark = browser.run(back);
    assert_ne!(light, dark);
    assert_ne!(bright, strings(&browser.run(CANVASES)), "charts follow");
    browser.run("document.getElementById('theme').click()");
    browser.settle();
    assert_eq!(browser.run(back), light, "the button decides otherwise");
}

#[test]
fn series_are_hidden_by_keyboard_and_equity_has_a_log_scale() {
    let Some(program) = browser() else { return };
    let mut browser = Browser::start(&program, 1280, 900);
    browser.open(&pages().report);
    let before = strings(&browser.run(CANVASES));
    browser.run("document.querySelectorAll('#chart-equity .u-legend th[role=button]')[1].focus()");
    browser.press("Enter");
    let pressed = "document.querySelectorAll('#chart-equity .u-legend th[role=button]')[1].getAttribute('aria-pressed')";
    assert_eq!(browser.run(pressed), "false");
    assert_ne!(before[0], strings(&browser.run(CANVASES))[0]);
    browser.run("document.getElementById('log').click()");
    browser.settle();
    let title = browser.run("document.querySelector('#chart-equity h3').textContent");
    assert_eq!(title, "Equity, USD, log scale");
    let ink = browser.run(INK);
    assert!(ink[0].as_u64().unwrap() > 500);
}

#[test]
fn nothing_is_wider_than_a_telephone_and_every_control_has_a_name() {
    let Some(program) = browser() else { return };
    let mut browser = Browser::start(&program, 390, 844);
    for page in [&pages().report, &pages().comparison] {
        browser.open(page);
        let width = browser.run("document.documentElement.scrollWidth");
        assert!(width.as_u64().unwrap() <= 390, "{width}");
        let nameless = "[...document.querySelectorAll('button, select, [role=button], [role=region], [role=group], svg')]\
                        .filter(x => !(x.textContent.trim() || x.getAttribute('aria-label') || x.labels?.length))\
                        .map(x => x.outerHTML)";
        assert_eq!(browser.run(nameless), serde_json::json!([]));
        let text = browser.run("document.body.innerText");
        for bad in ["NaN", "undefined", "Infinity", "{{"] {
            assert!(!text.as_str().unwrap().contains(bad), "{bad}");
        }
    }
}
