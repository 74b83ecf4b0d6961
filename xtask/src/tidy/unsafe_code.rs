//! Rule `unsafe`: unsafe code stands in a few named places. Rule `safety`: each block there says why it is sound.
//!
//! In: every Rust file. Out: unsafe code elsewhere, and blocks without a `// SAFETY:` comment. Words in
//! comments and strings do not count.

use super::{File, Tree, Violation};
use crate::source::{Source, Token};

/// The folders below which unsafe code may stand.
const FOLDERS: &[&str] = &["plugin-sdk/src/abi/", "tests/plugins/"];

/// The one file of the host that may hold unsafe code, and how many blocks.
const HOST_FILE: (&str, usize) = ("host/guests/src/native.rs", 1);

/// The words that make code unsafe. The attributes among them change what a linker sees.
const WORDS: &[&str] = &["unsafe", "no_mangle", "link_section", "export_name"];

/// Checks both rules.
pub(super) fn check(tree: &Tree, found: &mut Vec<Violation>) {
    for file in &tree.files {
        let Some(source) = &file.source else { continue };
        let tokens = source.tokens();
        let anywhere = FOLDERS.iter().any(|folder| file.path.starts_with(folder));
        if !anywhere {
            check_place(file, &tokens, found);
        }
        check_reasons(file, source, &tokens, found);
    }
}

/// Reports unsafe code outside the allowed folders.
fn check_place(file: &File, tokens: &[Token<'_>], found: &mut Vec<Violation>) {
    let (host_file, limit) = HOST_FILE;
    let mut blocks = 0;
    for (place, token) in tokens.iter().enumerate() {
        if !WORDS.contains(&token.text) {
            continue;
        }
        let is_block = token.text == "unsafe" && next(tokens, place) == "{";
        let advice = if file.path != host_file {
            format!(
                "move `{}` below plugin-sdk/src/abi, behind a safe function",
                token.text
            )
        } else if !is_block {
            format!(
                "only a block may be unsafe here, not `{}`; move it below plugin-sdk/src/abi",
                token.text
            )
        } else {
            blocks += 1;
            if blocks <= limit {
                continue;
            }
            format!(
                "keep to {limit} unsafe block in this file; move this one below plugin-sdk/src/abi"
            )
        };
        found.push(Violation {
            path: file.path.clone(),
            line: token.line,
            rule: "unsafe",
            advice,
        });
    }
}

/// Reports each unsafe block or impl that has no `SAFETY:` comment right before it.
fn check_reasons(file: &File, source: &Source, tokens: &[Token<'_>], found: &mut Vec<Violation>) {
    let code: Vec<&str> = source.code.lines().collect();
    let comments: Vec<&str> = source.comments.lines().collect();
    for (place, token) in tokens.iter().enumerate() {
        let needs_reason = token.text == "unsafe" && matches!(next(tokens, place), "{" | "impl");
        if needs_reason && !has_reason(&code, &comments, token.line) {
            found.push(Violation {
                path: file.path.clone(),
                line: token.line,
                rule: "safety",
                advice: "say right before it, in a `// SAFETY:` comment, why this is sound"
                    .to_owned(),
            });
        }
    }
}

/// The token after a place; empty past the end.
fn next<'a>(tokens: &[Token<'a>], place: usize) -> &'a str {
    tokens.get(place + 1).map_or("", |token| token.text)
}

/// Whether a comment with the reason stands above a line, or above the statement it continues.
fn has_reason(code: &[&str], comments: &[&str], line: usize) -> bool {
    for above in (0..line - 1).rev() {
        if comments[above].contains("SAFETY:") {
            return true;
        }
        let code = code[above].trim();
        let is_blank = code.is_empty() && comments[above].trim().is_empty();
        if is_blank || code.ends_with([';', '{', '}', ',']) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::verdicts;
    use super::*;

    const ABI: &str = "plugin-sdk/src/abi/native.rs";
    const HOST: &str = "host/guests/src/native.rs";

    fn verdict(path: &str, text: &str) -> Vec<String> {
        verdicts(check, &[(path, text)])
    }

    #[test]
    fn unsafe_code_outside_the_allowed_places_is_reported_in_every_form() {
        let forms = [
            "unsafe fn f() {}",
            "unsafe extern \"C\" {}",
            "unsafe trait T {}",
            "#[unsafe(no_mangle)] fn f() {}",
            "#[no_mangle] fn f() {}",
            "#[link_section = \"x\"] static X: u8 = 0;",
        ];
        for form in forms {
            let lines = verdict("host/tape/src/lib.rs", form);
            assert!(
                lines.contains(&"host/tape/src/lib.rs:1: unsafe".to_owned()),
                "{form}"
            );
        }
    }

    #[test]
    fn words_in_comments_strings_and_lint_names_are_not_unsafe_code() {
        let text =
            "//! unsafe\n#![forbid(unsafe_code)]\nconst S: &str = \"unsafe { }\"; /* no_mangle */";
        assert_eq!(verdict("host/tape/src/lib.rs", text), [""; 0]);
    }

    #[test]
    fn the_contract_and_the_plugins_of_the_tests_may_be_unsafe() {
        let text = "// SAFETY: it is sound.\nunsafe impl Send for A {}\nunsafe fn f() {}";
        assert_eq!(verdict(ABI, text), [""; 0]);
        assert_eq!(verdict("tests/plugins/crash/src/lib.rs", text), [""; 0]);
    }

    #[test]
    fn the_host_file_may_hold_one_block_and_nothing_else() {
        let one = "fn f() {\n    // SAFETY: sound.\n    unsafe { g() }\n}\n";
        assert_eq!(verdict(HOST, one), [""; 0]);
        assert_eq!(verdict(HOST, &one.repeat(2)), [format!("{HOST}:7: unsafe")]);
        assert_eq!(
            verdict(HOST, "unsafe fn f() {}"),
            [format!("{HOST}:1: unsafe")]
        );
    }

    #[test]
    fn a_block_without_a_reason_is_reported() {
        assert_eq!(
            verdict(ABI, "fn f() {\n    unsafe { g() }\n}"),
            [format!("{ABI}:2: safety")]
        );
        assert_eq!(
            verdict(ABI, "unsafe impl Sync for A {}"),
            [format!("{ABI}:1: safety")]
        );
    }

    #[test]
    fn a_reason_may_stand_above_the_statement_and_its_attributes() {
        let text =
            "// SAFETY: the caller\n// keeps it alive.\n#[allow(x)]\nlet a =\n    unsafe { g() };";
        assert_eq!(verdict(ABI, text), [""; 0]);
    }

    #[test]
    fn a_reason_for_another_statement_does_not_count() {
        let text = "// SAFETY: sound.\nunsafe { g() };\nunsafe { h() };";
        assert_eq!(verdict(ABI, text), [format!("{ABI}:3: safety")]);
        let apart = "// SAFETY: sound.\n\nunsafe { g() };";
        assert_eq!(verdict(ABI, apart), [format!("{ABI}:3: safety")]);
        let quoted = "let a = \"// SAFETY: no\";\nunsafe { g() };";
        assert_eq!(verdict(ABI, quoted), [format!("{ABI}:2: safety")]);
    }
}
