//! Rule `layers`: crates depend one way. Rule `lints`: every member takes the workspace's lints.
//!
//! In: every manifest. Out: the lines that name a crate of this workspace from the wrong side, and
//! the manifests that go without the lints.

use super::{Package, Tree, Violation};

/// The crates that a strategy's author may build on.
const AUTHORS: &[&str] = &["plugin-sdk"];

/// What the crates of each folder may depend on, by folder; `None` is anything.
/// A pattern that ends in `/*` stands for each folder right below it, `/**` for all below it.
const LAYERS: &[(&str, Option<&[&str]>)] = &[
    ("plugin-sdk", Some(&[])),
    ("host/engine", Some(&["plugin-sdk"])),
    ("host/tape", Some(&["plugin-sdk"])),
    ("host/guests", Some(&["plugin-sdk", "host/engine"])),
    ("host/analytics", Some(&["plugin-sdk", "host/engine"])),
    (
        "host/calibrate",
        Some(&["plugin-sdk", "host/engine", "host/tape"]),
    ),
    (
        "host/cli",
        Some(&[
            "plugin-sdk",
            "host/engine",
            "host/tape",
            "host/guests",
            "host/analytics",
            "host/calibrate",
        ]),
    ),
    ("plugins/*", Some(AUTHORS)),
    ("wasm-strategies/*", Some(AUTHORS)),
    ("xtask", Some(&[])),
    ("tests", None),
    ("tests/**", None),
    ("benches", None),
    ("benches/peer", Some(&["plugin-sdk", "host/tape"])),
    (
        "fuzz",
        Some(&["plugin-sdk", "host/engine", "host/guests", "host/tape"]),
    ),
];

/// Misbehaving plugins of the tests, which may need unsafe code and so other lints.
const OWN_LINTS: &str = "tests/plugins/*";

/// Checks both rules.
pub(super) fn check(tree: &Tree, found: &mut Vec<Violation>) {
    for package in &tree.packages {
        if package.manifest.text("package", "name").is_none() {
            continue;
        }
        let layer = LAYERS
            .iter()
            .find(|(pattern, _)| matches(pattern, &package.folder));
        match layer {
            Some((_, Some(allowed))) => check_dependencies(tree, package, allowed, found),
            Some((_, None)) => {}
            None => found.push(Violation {
                path: package.path.clone(),
                line: 1,
                rule: "layers",
                advice: "say in xtask/src/tidy/layers.rs what this crate may depend on".to_owned(),
            }),
        }
        if is_member(tree, package) && !matches(OWN_LINTS, &package.folder) {
            check_lints(package, found);
        }
    }
}

/// Reports each dependency on a crate of this workspace that is not in the list.
fn check_dependencies(
    tree: &Tree,
    package: &Package,
    allowed: &[&str],
    found: &mut Vec<Violation>,
) {
    for dependency in package.manifest.dependencies() {
        let by_path = dependency.path.map(|path| resolve(&package.folder, &path));
        let target = tree.packages.iter().find(|other| {
            other.manifest.text("package", "name") == Some(&dependency.package)
                || by_path.as_deref() == Some(&other.folder)
        });
        let Some(target) = target else { continue };
        if allowed.contains(&target.folder.as_str()) {
            continue;
        }
        let may = if allowed.is_empty() {
            "no crate of this workspace".to_owned()
        } else {
            format!("only {}", allowed.join(", "))
        };
        found.push(Violation {
            path: package.path.clone(),
            line: dependency.line,
            rule: "layers",
            advice: format!(
                "remove the dependency on {}; {} may depend on {may}",
                target.folder, package.folder
            ),
        });
    }
}

/// Reports a manifest that does not inherit the workspace's lints.
fn check_lints(package: &Package, found: &mut Vec<Violation>) {
    let manifest = &package.manifest;
    let inherits = manifest.value("lints", "workspace") == Some("true")
        || manifest.value("", "lints.workspace") == Some("true");
    if !inherits {
        found.push(Violation {
            path: package.path.clone(),
            line: 1,
            rule: "lints",
            advice: "add `[lints]` with `workspace = true`".to_owned(),
        });
    }
}

/// Whether the root manifest counts a package among its members.
fn is_member(tree: &Tree, package: &Package) -> bool {
    let root = tree.packages.iter().find(|other| other.folder.is_empty());
    root.is_some_and(|root| {
        let members = root.manifest.list("workspace", "members");
        let excluded = root.manifest.list("workspace", "exclude");
        let counts = |patterns: &[&str]| patterns.iter().any(|each| matches(each, &package.folder));
        counts(&members) && !counts(&excluded)
    })
}

/// Whether a folder is the one that a pattern names.
fn matches(pattern: &str, folder: &str) -> bool {
    if let Some(parent) = pattern.strip_suffix("/**") {
        return below(parent, folder).is_some();
    }
    if let Some(parent) = pattern.strip_suffix("/*") {
        return below(parent, folder).is_some_and(|rest| !rest.contains('/'));
    }
    pattern == folder
}

/// The rest of a folder's path below another folder.
fn below<'a>(parent: &str, folder: &'a str) -> Option<&'a str> {
    folder.strip_prefix(parent)?.strip_prefix('/')
}

/// The folder that a path in a manifest means, from the root.
fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::verdicts;
    use super::*;

    const ROOT: (&str, &str) = (
        "Cargo.toml",
        "[workspace]\nmembers = [\"plugin-sdk\", \"host/engine\", \"plugins/*\", \"tests/plugins/*\"]",
    );
    const SDK: (&str, &str) = (
        "plugin-sdk/Cargo.toml",
        "[package]\nname = \"backplane-sdk\"\n[lints]\nworkspace = true",
    );

    /// What both rules say of one more manifest beside the root and the SDK.
    fn verdict(path: &str, text: &str) -> Vec<String> {
        verdicts(check, &[ROOT, SDK, (path, text)])
    }

    #[test]
    fn the_engine_may_depend_on_the_sdk_but_not_on_the_tape() {
        let engine = "[package]\nname = \"backplane-engine\"\n[dependencies]\n\
             backplane-sdk.workspace = true\n[dev-dependencies]\nbackplane-tape.workspace = true\n\
             [lints]\nworkspace = true";
        let tape = "[package]\nname = \"backplane-tape\"";
        let files = [
            ROOT,
            SDK,
            ("host/engine/Cargo.toml", engine),
            ("host/tape/Cargo.toml", tape),
        ];
        assert_eq!(
            verdicts(check, &files),
            ["host/engine/Cargo.toml:6: layers"]
        );
    }

    #[test]
    fn the_sdk_depends_on_no_crate_of_the_workspace_even_under_another_name_or_by_path() {
        let sdk = "[package]\nname = \"backplane-sdk\"\n[dependencies]\n\
             rows = { package = \"backplane-tape\", version = \"1\" }\n\
             other = { path = \"../host/tape\" }\n[lints]\nworkspace = true";
        let tape = "[package]\nname = \"backplane-tape\"";
        let files = [
            ROOT,
            ("plugin-sdk/Cargo.toml", sdk),
            ("host/tape/Cargo.toml", tape),
        ];
        let expected = [
            "plugin-sdk/Cargo.toml:4: layers",
            "plugin-sdk/Cargo.toml:5: layers",
        ];
        assert_eq!(verdicts(check, &files), expected);
    }

    #[test]
    fn a_plugin_may_use_the_sdk_and_what_is_outside_the_workspace() {
        let plugin = "[package]\nname = \"p\"\n[dependencies]\nlibm = \"0.2\"\n\
             backplane-sdk = { workspace = true }\n[lints]\nworkspace = true";
        assert_eq!(verdict("plugins/p/Cargo.toml", plugin), [""; 0]);
    }

    #[test]
    fn tests_may_use_anything() {
        let tests = "[package]\nname = \"t\"\n[dependencies]\nbackplane-sdk = { workspace = true }";
        assert_eq!(verdict("tests/Cargo.toml", tests), [""; 0]);
    }

    #[test]
    fn a_crate_in_a_folder_without_a_layer_is_reported() {
        let text = "[package]\nname = \"new\"";
        assert_eq!(
            verdict("host/new/Cargo.toml", text),
            ["host/new/Cargo.toml:1: layers"]
        );
    }

    #[test]
    fn a_member_without_the_lints_is_reported_unless_it_is_a_plugin_of_the_tests() {
        let text = "[package]\nname = \"p\"\n[lints.rust]\nunsafe_code = \"allow\"";
        assert_eq!(
            verdict("plugins/p/Cargo.toml", text),
            ["plugins/p/Cargo.toml:1: lints"]
        );
        assert_eq!(verdict("tests/plugins/p/Cargo.toml", text), [""; 0]);
        assert_eq!(verdict("wasm-strategies/p/Cargo.toml", text), [""; 0]);
    }

    #[test]
    fn paths_in_manifests_are_resolved_from_their_folder() {
        assert_eq!(resolve("host/engine", "../../plugin-sdk"), "plugin-sdk");
        assert_eq!(resolve("", "./a/b"), "a/b");
    }
}
