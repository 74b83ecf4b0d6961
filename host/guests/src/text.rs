//! Text from outside, made fit for a one-line message.
//!
//! Takes in paths and texts that may hold anything; gives out one line of bounded length without control characters.

use std::path::Path;

/// The most bytes of a path in a message.
const PATH_BYTES_MAX: usize = 200;

/// A path as it stands in a message; of a long one, its end.
pub(crate) fn show(path: &Path) -> String {
    let line = escape(&path.to_string_lossy());
    if line.len() <= PATH_BYTES_MAX {
        return line;
    }
    let from = line.len() - PATH_BYTES_MAX;
    let start = (from..=line.len()).find(|x| line.is_char_boundary(*x));
    format!("...{}", &line[start.unwrap_or(line.len())..])
}

/// The words of a text in one line of at most `most` bytes.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = escape(&words.join(" "));
    if line.len() > most {
        let end = (0..=most).rev().find(|x| line.is_char_boundary(*x));
        line.truncate(end.unwrap_or(0));
        line.push_str("...");
    }
    line
}

fn escape(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() {
            true => line.extend(letter.escape_default()),
            false => line.push(letter),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_a_path_or_text_holds() {
        assert_eq!(show(Path::new("a\nb")), "a\\nb");
        let long = format!("/{}ü/lib.so", "ä".repeat(300));
        let shown = show(Path::new(&long));
        assert!(shown.starts_with("...") && shown.ends_with("ü/lib.so"));
        assert!(shown.len() <= PATH_BYTES_MAX + 3);
        assert_eq!(
            one_line("left == right\n  left: \u{1b}1", 100),
            "left == right left: \\u{1b}1"
        );
        assert_eq!(one_line(&"ä".repeat(10), 5), "ää...");
    }
}
