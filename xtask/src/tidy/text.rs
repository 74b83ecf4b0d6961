//! Rules on the text of files: `opening`, `size`, `marks` and `places`.
//!
//! In: every tracked text file. Out: Rust files that do not open by saying what they are, files that are
//! too long, marks of unfinished work, and names of one machine or one package registry.

use super::{File, Tree, Violation};
use crate::source::is_word;

/// How many lines a file of code or prose may have.
const LINES_MAX: usize = 600;

/// The endings of the files whose length counts; recorded data and locks may be as long as they are.
const COUNTED: &[&str] = &[
    "rs", "py", "sh", "c", "h", "ts", "js", "css", "html", "md", "toml", "yml", "yaml",
];

/// Words that mark unfinished work, in code and comments alike (spelled so that this file is clean).
const MARK_WORDS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Code that marks unfinished work, without blanks.
const MARK_CODE: &[&str] = &["todo!", "unimplemented!", "#[ignore"];

/// Folders of one machine. Each must stand at the start of a path to count.
const MACHINE_FOLDERS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), HOME];

/// The folder of everyone's home, which counts only with a name below it.
const HOME: &str = concat!("/ho", "me/");

/// Hosts that a checkout must not name: a reader may sit behind a mirror.
const REGISTRIES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("npm", "js"),
];

/// The one file that names registries by its nature.
const LOCK: &str = "Cargo.lock";

/// Checks the four rules.
pub(super) fn check(tree: &Tree, found: &mut Vec<Violation>) {
    for file in &tree.files {
        check_opening(file, found);
        check_size(file, found);
        check_marks(file, found);
        if file.path != LOCK && !file.path.ends_with("/Cargo.lock") {
            check_places(file, found);
        }
    }
}

/// Notes a violation.
fn note(file: &File, line: usize, rule: &'static str, advice: String, found: &mut Vec<Violation>) {
    found.push(Violation {
        path: file.path.clone(),
        line,
        rule,
        advice,
    });
}

/// A Rust file opens with `//!`.
fn check_opening(file: &File, found: &mut Vec<Violation>) {
    if file.source.is_some() && !file.text.starts_with("//!") {
        let advice = "open the file with `//!`: what it is, what it takes in, what it gives out";
        note(file, 1, "opening", advice.to_owned(), found);
    }
}

/// No file is longer than a reader can hold.
fn check_size(file: &File, found: &mut Vec<Violation>) {
    let ending = file.path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let lines = file.text.lines().count();
    if COUNTED.contains(&ending) && lines > LINES_MAX {
        let advice = format!("split it by noun: {lines} lines, {LINES_MAX} are allowed");
        note(file, LINES_MAX + 1, "size", advice, found);
    }
}

/// No mark of unfinished work; in Rust files, strings do not count.
fn check_marks(file: &File, found: &mut Vec<Violation>) {
    let advice = |mark: &str| format!("finish what `{mark}` leaves open, or remove it");
    let mut words = |text: &str| {
        for (number, line) in text.lines().enumerate() {
            for mark in MARK_WORDS.iter().filter(|mark| has_word(line, mark)) {
                note(file, number + 1, "marks", advice(mark), found);
            }
        }
    };
    let Some(source) = &file.source else {
        return words(&file.text);
    };
    words(&source.code);
    words(&source.comments);
    for (number, line) in source.code.lines().enumerate() {
        let line: String = line.split_whitespace().collect();
        for mark in MARK_CODE.iter().filter(|mark| line.contains(**mark)) {
            note(file, number + 1, "marks", advice(mark), found);
        }
    }
}

/// No folder of one machine, no host of a registry.
fn check_places(file: &File, found: &mut Vec<Violation>) {
    for (number, line) in file.text.lines().enumerate() {
        for folder in MACHINE_FOLDERS.iter().filter(|each| has_folder(line, each)) {
            let advice =
                format!("write a path from the root of the checkout instead of `{folder}`");
            note(file, number + 1, "places", advice, found);
        }
        for host in REGISTRIES.iter().filter(|host| line.contains(**host)) {
            let advice =
                format!("leave out the registry `{host}`; the tool's own default finds it");
            note(file, number + 1, "places", advice, found);
        }
    }
}

/// Whether a line holds a word by itself.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(place, _)| {
        let before = line[..place].chars().next_back();
        let after = line[place + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Whether a line holds a machine's folder at the start of an absolute path.
fn has_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(place, _)| {
        let before = line[..place].chars().next_back();
        let after = line[place + folder.len()..].chars().next();
        let inside_a_path =
            before.is_some_and(|letter| is_word(letter) || matches!(letter, '.' | '-' | '~' | '}'));
        !inside_a_path && (folder != HOME || after.is_some_and(is_word))
    })
}

#[cfg(test)]
mod tests {
    use super::super::verdicts;
    use super::*;

    fn verdict(path: &str, text: &str) -> Vec<String> {
        verdicts(check, &[(path, text)])
    }

    #[test]
    fn a_rust_file_opens_by_saying_what_it_is() {
        assert_eq!(verdict("a.rs", "//! Rows.\n"), [""; 0]);
        assert_eq!(verdict("a.rs", "// Rows.\n"), ["a.rs:1: opening"]);
        assert_eq!(verdict("a.rs", ""), ["a.rs:1: opening"]);
        assert_eq!(verdict("a.py", "import b\n"), [""; 0]);
    }

    #[test]
    fn a_file_of_code_has_at_most_600_lines() {
        let lines = |count: usize| format!("//! x{}", "\n".repeat(count));
        assert_eq!(verdict("a.rs", &lines(600)), [""; 0]);
        assert_eq!(
            verdict("a.rs", &format!("{}x", lines(600))),
            ["a.rs:601: size"]
        );
        assert_eq!(verdict("a.csv", &lines(700)), [""; 0]);
    }

    #[test]
    fn marks_of_unfinished_work_are_reported_in_comments_code_and_prose() {
        for mark in MARK_WORDS {
            assert_eq!(
                verdict("a.rs", &format!("//! x\n// {mark}: later")),
                ["a.rs:2: marks"]
            );
            assert_eq!(
                verdict("a.md", &format!("{mark}(me) later")),
                ["a.md:1: marks"]
            );
        }
        assert_eq!(
            verdict("a.rs", "//! x\nfn f() { todo!() }"),
            ["a.rs:2: marks"]
        );
        assert_eq!(
            verdict("a.rs", "//! x\nfn f() { unimplemented!() }"),
            ["a.rs:2: marks"]
        );
        assert_eq!(
            verdict("a.rs", "//! x\n#[ ignore = \"slow\"]\nfn f() {}"),
            ["a.rs:2: marks"]
        );
    }

    #[test]
    fn words_that_only_contain_a_mark_and_strings_in_code_are_no_marks() {
        let currency = format!("//! x\nconst NONE: &str = \"{}\";", MARK_WORDS[2]);
        assert_eq!(verdict("a.rs", &currency), [""; 0]);
        assert_eq!(
            verdict("a.md", &format!("{}S and todo", MARK_WORDS[0])),
            [""; 0]
        );
    }

    #[test]
    fn folders_of_a_machine_are_reported_where_a_path_starts() {
        for folder in MACHINE_FOLDERS {
            assert_eq!(
                verdict("a.md", &format!("see {folder}ann/b")),
                ["a.md:1: places"]
            );
            assert_eq!(verdict("a.md", &format!("see $HOME{folder}ann")), [""; 0]);
            assert_eq!(verdict("a.md", &format!("target{folder}b")), [""; 0]);
        }
    }

    #[test]
    fn a_home_folder_counts_only_with_a_name() {
        assert_eq!(verdict("a.md", &format!("{HOME}ann")), ["a.md:1: places"]);
        assert_eq!(verdict("a.md", &format!("{HOME}<user>")), [""; 0]);
    }

    #[test]
    fn registries_are_named_by_the_lock_file_alone() {
        for host in REGISTRIES {
            let text = format!("https://{host}/x");
            assert_eq!(verdict("a.toml", &text), ["a.toml:1: places"]);
            assert_eq!(verdict(LOCK, &text), [""; 0]);
        }
    }
}
