//! Rule `steps`: inside the engine, one step never imports another; only `run` joins them.
//!
//! In: the files below `host/engine/src`. Out: each path by which a step reaches another step, a noun
//! reaches a step, or either reaches `run`; also by way of a name that the crate's root hands on.

use std::collections::BTreeMap;

use super::use_paths::{UsedPath, module_of, used_paths};
use super::{Tree, Violation};

/// Where the engine's modules are.
const ENGINE: &str = "host/engine/src/";

/// The stops on the way of a market event, in order.
const STEPS: &[&str] = &[
    "replay", "market", "router", "guest", "orders", "latency", "exchange", "account", "risk",
    "journal",
];

/// The module that joins the steps.
const JOIN: &str = "run";

/// Checks the rule.
pub(super) fn check(tree: &Tree, found: &mut Vec<Violation>) {
    let mut handed_on = BTreeMap::new();
    let mut files = Vec::new();
    for file in &tree.files {
        let (Some(name), Some(source)) = (file.path.strip_prefix(ENGINE), &file.source) else {
            continue;
        };
        let module = module_of(name);
        let paths = used_paths(&source.tokens(), &module);
        if module.is_empty() {
            hand_on(&file.path, &paths, &mut handed_on, found);
        } else if module[0] != JOIN {
            files.push((file, module, paths));
        }
    }
    for (file, module, paths) in &files {
        for path in paths {
            let problem = judge(&module[0], path, &handed_on);
            found.extend(problem.map(|advice| Violation {
                path: file.path.clone(),
                line: path.line,
                rule: "steps",
                advice,
            }));
        }
    }
}

/// Whether a module is one that others may not reach.
fn is_closed(module: &str) -> bool {
    module == JOIN || STEPS.contains(&module)
}

/// Notes which names the crate's root hands on, and from which step.
fn hand_on(
    file: &str,
    paths: &[UsedPath],
    handed_on: &mut BTreeMap<String, String>,
    found: &mut Vec<Violation>,
) {
    for path in paths {
        let Some(step) = path.names.first().filter(|name| is_closed(name)) else {
            continue;
        };
        if path.known_as == "*" {
            found.push(Violation {
                path: file.to_owned(),
                line: path.line,
                rule: "steps",
                advice: format!("name what the root takes from `{step}` instead of `*`"),
            });
        } else if path.names.len() > 1 {
            handed_on.insert(path.known_as.clone(), step.clone());
        }
    }
}

/// What is wrong with a path that a module names, if anything.
fn judge(module: &str, path: &UsedPath, handed_on: &BTreeMap<String, String>) -> Option<String> {
    let first = path.names.first()?;
    if first == "*" {
        return Some("name what is taken from the crate's root instead of `*`".to_owned());
    }
    let reached = handed_on.get(first).unwrap_or(first);
    if reached == module || !is_closed(reached) {
        return None;
    }
    let what = path.names.join("::");
    Some(if STEPS.contains(&module) {
        format!(
            "the step `{module}` may not reach `{what}` of `{reached}`; let `{JOIN}` pass it, or move it to a module that is no step"
        )
    } else {
        format!(
            "`{module}` is no step and may not reach `{what}` of `{reached}`; move it to a module that is no step"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::verdicts;
    use super::*;

    /// The lines that break the rule in one file of the engine, beside a given root.
    fn broken(file: &str, text: &str) -> Vec<String> {
        let root = "//! x\nmod market; pub use market::Book; pub use row::Row;";
        let path = format!("{ENGINE}{file}");
        let files = [("host/engine/src/lib.rs", root), (path.as_str(), text)];
        verdicts(check, &files)
    }

    #[test]
    fn a_step_may_not_import_another_step() {
        let expected = ["host/engine/src/router.rs:2: steps"];
        assert_eq!(
            broken("router.rs", "//! x\nuse crate::market::Level;"),
            expected
        );
        assert_eq!(broken("router.rs", "//! x\nuse super::market;"), expected);
        assert_eq!(
            broken("router.rs", "//! x\nuse crate::{row::Row, market::Level};"),
            expected
        );
        assert_eq!(
            broken("router.rs", "//! x\nfn f() { crate::market::g() }"),
            expected
        );
    }

    #[test]
    fn a_step_may_not_reach_another_by_way_of_the_root() {
        let expected = ["host/engine/src/router.rs:1: steps"];
        assert_eq!(broken("router.rs", "use crate::Book;"), expected);
        assert_eq!(broken("router.rs", "use crate::*;"), expected);
        assert_eq!(broken("router.rs", "use crate::Row;"), [""; 0]);
        assert_eq!(broken("market.rs", "use crate::Book;"), [""; 0]);
    }

    #[test]
    fn a_step_may_use_its_own_folder_and_the_nouns() {
        let text = "use super::queue::Q; use crate::exchange::fees; use crate::row::Row;";
        assert_eq!(broken("exchange/fill.rs", text), [""; 0]);
        assert_eq!(broken("market.rs", "mod tests { use super::*; }"), [""; 0]);
    }

    #[test]
    fn a_file_in_a_steps_folder_may_not_reach_another_step() {
        let text = "use super::super::account::A;";
        let expected = ["host/engine/src/exchange/fill.rs:1: steps"];
        assert_eq!(broken("exchange/fill.rs", text), expected);
    }

    #[test]
    fn a_noun_may_not_import_a_step_and_nobody_imports_run() {
        assert_eq!(
            broken("row.rs", "use crate::replay::R;"),
            ["host/engine/src/row.rs:1: steps"]
        );
        assert_eq!(
            broken("risk.rs", "use crate::run::R;"),
            ["host/engine/src/risk.rs:1: steps"]
        );
    }

    #[test]
    fn run_and_the_root_join_the_steps() {
        assert_eq!(broken("run.rs", "use crate::{market, router};"), [""; 0]);
        assert_eq!(
            broken("run/batch.rs", "use crate::{market, router};"),
            [""; 0]
        );
    }

    #[test]
    fn the_root_may_not_hand_on_a_whole_step() {
        let files = [("host/engine/src/lib.rs", "pub use market::*;")];
        assert_eq!(verdicts(check, &files), ["host/engine/src/lib.rs:1: steps"]);
    }

    #[test]
    fn comments_and_strings_are_no_imports() {
        let text = "// use crate::market::A;\nconst S: &str = \"crate::market::B\";";
        assert_eq!(broken("router.rs", text), [""; 0]);
    }
}
