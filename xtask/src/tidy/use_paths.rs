//! The paths that a module's code names, made absolute within its crate.
//!
//! In: a file's tokens and the module it is. Out: each path that starts at `crate` or `super`, and for
//! the root also each `use` of an own module, as a list of names from the root of the crate.

use crate::source::{Token, is_word};

/// A path as the code names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UsedPath {
    /// The names from the root of the crate; a last `*` stands for a glob.
    pub(super) names: Vec<String>,
    /// The name it goes by where it is used.
    pub(super) known_as: String,
    /// Its line, from 1.
    pub(super) line: usize,
}

/// The module that a file below `src/` is: no name for the root.
pub(super) fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut names: Vec<String> = path.split('/').map(str::to_owned).collect();
    if matches!(
        names.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        names.pop();
    }
    names
}

/// Every path in the code that starts at `crate` or `super`; at a `use`, any path.
pub(super) fn used_paths(tokens: &[Token<'_>], module: &[String]) -> Vec<UsedPath> {
    let mut walk = Walk {
        tokens,
        at: 0,
        found: Vec::new(),
    };
    // For each open brace: whether it opened a module.
    let mut braces: Vec<bool> = Vec::new();
    let mut here = module.to_vec();
    while let Some(token) = tokens.get(walk.at) {
        let opens_module = token.text == "mod" && walk.text(2) == "{";
        let starts_path = matches!(token.text, "crate" | "super") && walk.is_path(1);
        match token.text {
            _ if opens_module => {
                here.push(walk.text(1).to_owned());
                braces.push(true);
                walk.at += 3;
            }
            "use" => {
                walk.at += 1;
                walk.tree(&here, &[]);
            }
            _ if starts_path => walk.tree(&here, &[]),
            "{" => {
                braces.push(false);
                walk.at += 1;
            }
            "}" => {
                if braces.pop() == Some(true) {
                    here.pop();
                }
                walk.at += 1;
            }
            _ => walk.at += 1,
        }
    }
    walk.found
}

/// A walk through the tokens of one file.
struct Walk<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    found: Vec<UsedPath>,
}

impl Walk<'_> {
    /// The token `ahead` places from here; empty past the end.
    fn text(&self, ahead: usize) -> &str {
        self.tokens
            .get(self.at + ahead)
            .map_or("", |token| token.text)
    }

    /// Whether `::` stands `ahead` places from here.
    fn is_path(&self, ahead: usize) -> bool {
        self.text(ahead) == ":" && self.text(ahead + 1) == ":"
    }

    /// Reads a path or a tree of paths that continues `prefix`.
    fn tree(&mut self, here: &[String], prefix: &[String]) {
        let mut names = prefix.to_vec();
        loop {
            match self.text(0) {
                "{" => return self.group(here, &names),
                "*" => names.push("*".to_owned()),
                // A path from outside every crate: `use ::name`.
                ":" if self.is_path(0) && names.is_empty() => {
                    names.push(String::new());
                    self.at += 2;
                    continue;
                }
                word if word.chars().all(is_word) && !word.is_empty() => {
                    names.push(word.to_owned());
                }
                _ => break,
            }
            self.at += 1;
            if !self.is_path(0) {
                break;
            }
            self.at += 2;
        }
        self.leaf(here, &names);
    }

    /// Reads the trees between braces.
    fn group(&mut self, here: &[String], prefix: &[String]) {
        self.at += 1;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "}" => {
                    self.at += 1;
                    return;
                }
                "," => self.at += 1,
                word if word == "*" || word == "{" || word.chars().all(is_word) => {
                    self.tree(here, prefix);
                }
                _ => self.at += 1,
            }
        }
    }

    /// Notes one whole path, with its alias.
    fn leaf(&mut self, here: &[String], names: &[String]) {
        let before = self.tokens.get(self.at.saturating_sub(1));
        let line = before.map_or(1, |token| token.line);
        let mut names = absolute(here, names);
        if names.len() > 1 && names.last().is_some_and(|name| name == "self") {
            names.pop();
        }
        let mut known_as = names.last().cloned().unwrap_or_default();
        if self.text(0) == "as" {
            known_as = self.text(1).to_owned();
            self.at += 2;
        }
        self.found.push(UsedPath {
            names,
            known_as,
            line,
        });
    }
}

/// The names of a path from the root of the crate.
fn absolute(here: &[String], names: &[String]) -> Vec<String> {
    let mut whole = match names.first().map(String::as_str) {
        Some("crate") => Vec::new(),
        _ => here.to_vec(),
    };
    for (place, name) in names.iter().enumerate() {
        match name.as_str() {
            "crate" => {}
            "super" => drop(whole.pop()),
            "self" if place == 0 => {}
            name => whole.push(name.to_owned()),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    /// The paths of a text that stands in a file below `src/`.
    fn paths(file: &str, text: &str) -> Vec<String> {
        let source = Source::read(text);
        let found = used_paths(&source.tokens(), &module_of(file));
        found.iter().map(|each| each.names.join("::")).collect()
    }

    #[test]
    fn a_file_knows_which_module_it_is() {
        assert_eq!(module_of("lib.rs"), [""; 0]);
        assert_eq!(module_of("market.rs"), ["market"]);
        assert_eq!(module_of("exchange/mod.rs"), ["exchange"]);
        assert_eq!(module_of("exchange/queue.rs"), ["exchange", "queue"]);
    }

    #[test]
    fn groups_are_taken_apart() {
        let text = "use crate::{market::{self, Book}, row::*, Time as T};";
        let expected = ["market", "market::Book", "row::*", "Time"];
        assert_eq!(paths("router.rs", text), expected);
    }

    #[test]
    fn super_is_counted_from_the_module_it_stands_in() {
        assert_eq!(
            paths("exchange/queue.rs", "use super::fill::A;"),
            ["exchange::fill::A"]
        );
        assert_eq!(
            paths("exchange/queue.rs", "use super::super::fill::A;"),
            ["fill::A"]
        );
        let nested = "mod tests { use super::*; } fn f() { super::row::g() }";
        assert_eq!(paths("market.rs", nested), ["market::*", "row::g"]);
    }

    #[test]
    fn paths_in_expressions_count_but_a_visibility_does_not() {
        let text = "pub(crate) fn f() -> crate::row::Row { crate::row::make::<u8>() }";
        assert_eq!(paths("market.rs", text), ["row::Row", "row::make"]);
    }
}
