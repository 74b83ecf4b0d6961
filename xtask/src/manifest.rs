//! The little of TOML that a Cargo manifest needs: sections, keys, strings, lists, inline tables.
//!
//! In: the text of a `Cargo.toml`. Out: sections with their keys, values as written, and the
//! questions this tool asks of them. It does not check that a manifest is valid; cargo does.

/// One `key = value` of a manifest.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The section it stands in; empty before the first one.
    pub(crate) section: String,
    /// The key as written, quotes removed.
    pub(crate) key: String,
    /// The value as written, its lines joined.
    pub(crate) value: String,
    /// The line of the key, from 1.
    pub(crate) line: usize,
}

/// A dependency that a manifest names, of any kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The name of the package it asks for.
    pub(crate) package: String,
    /// The folder it is taken from, where the manifest says one.
    pub(crate) path: Option<String>,
    /// The line that names it, from 1.
    pub(crate) line: usize,
}

/// A manifest, read.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Every key with its value, in the order of the file.
    pub(crate) entries: Vec<Entry>,
}

impl Manifest {
    /// Reads the text of a manifest.
    pub(crate) fn read(text: &str) -> Self {
        let mut entries = Vec::new();
        let mut section = String::new();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let line = without_comment(line);
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']).trim().to_owned();
                continue;
            }
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            let mut value = value.trim().to_owned();
            while open_brackets(&value) > 0 {
                let Some((_, more)) = lines.next() else { break };
                value.push(' ');
                value.push_str(without_comment(more));
            }
            entries.push(Entry {
                section: section.clone(),
                key: key.trim().replace(['"', '\''], ""),
                value,
                line: number + 1,
            });
        }
        Self { entries }
    }

    /// The value of a key in a section, as written.
    pub(crate) fn value(&self, section: &str, key: &str) -> Option<&str> {
        let found = self
            .entries
            .iter()
            .find(|entry| entry.section == section && entry.key == key);
        found.map(|entry| entry.value.as_str())
    }

    /// The text of a string value.
    pub(crate) fn text(&self, section: &str, key: &str) -> Option<&str> {
        self.value(section, key)
            .and_then(|value| strings(value).first().copied())
    }

    /// The texts of a list of strings.
    pub(crate) fn list(&self, section: &str, key: &str) -> Vec<&str> {
        self.value(section, key).map(strings).unwrap_or_default()
    }

    /// The name of the file that cargo builds from the library, without prefix and ending.
    pub(crate) fn library_name(&self) -> Option<String> {
        if let Some(name) = self.text("lib", "name") {
            return Some(name.to_owned());
        }
        let name = self.text("package", "name")?;
        Some(name.replace('-', "_"))
    }

    /// Every dependency of every kind: normal, of tests, of the build, of one target.
    pub(crate) fn dependencies(&self) -> Vec<Dependency> {
        let mut found: Vec<(String, Dependency)> = Vec::new();
        for entry in &self.entries {
            let Some((key, attribute)) = dependency_key(entry) else {
                continue;
            };
            let package = attribute_text(entry, attribute, "package");
            let path = attribute_text(entry, attribute, "path");
            let known = found.iter_mut().find(|(name, _)| *name == key);
            let Some((_, dependency)) = known else {
                let package = package.unwrap_or(&key).to_owned();
                let path = path.map(str::to_owned);
                let line = entry.line;
                found.push((
                    key,
                    Dependency {
                        package,
                        path,
                        line,
                    },
                ));
                continue;
            };
            if let Some(package) = package {
                dependency.package = package.to_owned();
            }
            if let Some(path) = path {
                dependency.path = Some(path.to_owned());
            }
        }
        found
            .into_iter()
            .map(|(_, dependency)| dependency)
            .collect()
    }
}

/// The name of the dependency an entry speaks of, and the attribute of it that it sets.
fn dependency_key(entry: &Entry) -> Option<(String, Option<&str>)> {
    let section = entry.section.as_str();
    if section.starts_with("workspace.") {
        return None;
    }
    if section.ends_with("dependencies") {
        return Some(match entry.key.split_once('.') {
            Some((name, attribute)) => (name.to_owned(), Some(attribute)),
            None => (entry.key.clone(), None),
        });
    }
    let (tables, name) = section.rsplit_once('.')?;
    tables
        .ends_with("dependencies")
        .then(|| (name.replace(['"', '\''], ""), Some(entry.key.as_str())))
}

/// A text attribute of a dependency: the entry itself, or one within its inline table.
fn attribute_text<'a>(entry: &'a Entry, attribute: Option<&str>, wanted: &str) -> Option<&'a str> {
    if let Some(attribute) = attribute {
        let first = strings(&entry.value).first().copied();
        return first.filter(|_| attribute == wanted);
    }
    let table = entry.value.strip_prefix('{')?;
    let place = table
        .match_indices(wanted)
        .map(|(place, _)| (&table[..place], &table[place + wanted.len()..]))
        .find(|(before, after)| {
            (before.trim_end().is_empty() || before.trim_end().ends_with(','))
                && after.trim_start().starts_with('=')
        });
    strings(place?.1).first().copied()
}

/// A line without its comment and without blanks around it.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    for (place, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, '#') => return line[..place].trim(),
            _ => {}
        }
    }
    line.trim()
}

/// How many brackets and braces of a value are still open, those in strings apart.
fn open_brackets(value: &str) -> i32 {
    let mut open = 0;
    let mut quote = None;
    for letter in value.chars() {
        match (quote, letter) {
            (None, '"' | '\'') => quote = Some(letter),
            (Some(mark), _) if mark == letter => quote = None,
            (None, '[' | '{') => open += 1,
            (None, ']' | '}') => open -= 1,
            _ => {}
        }
    }
    open
}

/// The strings within a value, in order.
fn strings(value: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some(start) = rest.find(['"', '\'']) {
        let mark = &rest[start..=start];
        let inside = &rest[start + 1..];
        let Some(end) = inside.find(mark) else { break };
        found.push(&inside[..end]);
        rest = &inside[end + 1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
[package]
name = "backplane-one" # not "two"

[workspace]
members = [
    "a", # first
    "plugins/*",
]

[dependencies]
plain = "1"
dotted.workspace = true
inline = { workspace = true, features = ["package"] }
renamed = { package = "real", path = "../real" }

[dev-dependencies.tabled]
path = "../tabled"

[target.'cfg(unix)'.dependencies]
unixly = "2"

[workspace.dependencies]
other = { path = "other" }
"#;

    #[test]
    fn strings_and_lists_are_read_without_comments() {
        let manifest = Manifest::read(TEXT);
        assert_eq!(manifest.text("package", "name"), Some("backplane-one"));
        assert_eq!(manifest.list("workspace", "members"), ["a", "plugins/*"]);
        assert_eq!(manifest.list("workspace", "exclude"), [""; 0]);
    }

    #[test]
    fn dependencies_of_every_kind_are_found_with_their_real_names() {
        let found = Manifest::read(TEXT).dependencies();
        let names: Vec<&str> = found.iter().map(|each| each.package.as_str()).collect();
        assert_eq!(
            names,
            ["plain", "dotted", "inline", "real", "tabled", "unixly"]
        );
        assert_eq!(found[3].path.as_deref(), Some("../real"));
        assert_eq!(found[4].path.as_deref(), Some("../tabled"));
        assert_eq!(found[3].line, 15);
    }

    #[test]
    fn a_library_is_named_after_its_package_unless_it_says_otherwise() {
        let named = |text: &str| Manifest::read(text).library_name();
        assert_eq!(named("[package]\nname = \"a-b\"").as_deref(), Some("a_b"));
        let own = "[package]\nname = \"a-b\"\n[lib]\nname = \"c\"";
        assert_eq!(named(own).as_deref(), Some("c"));
    }
}
