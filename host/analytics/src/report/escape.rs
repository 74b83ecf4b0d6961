//! Text from outside made harmless.
//!
//! Takes in names, symbols, faults, whatever a plugin or a tape may say; gives out text for HTML, for JSON inside a
//! script element and for a terminal.

/// Text for HTML, within elements and within quoted attributes.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            x if is_unprintable(x) => out.push('\u{fffd}'),
            x => out.push(x),
        }
    }
    out
}

/// JSON for the inside of a script element: no `<` can end the element or open a comment.
pub(crate) fn json_in_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            x => out.push(x),
        }
    }
    out
}

/// Text for a terminal: on one line and without control characters, so that no name can move the cursor or set a colour.
pub(crate) fn terminal(text: &str) -> String {
    let replace = |x: char| match x {
        '\n' | '\r' | '\t' => ' ',
        x if is_unprintable(x) => '\u{fffd}',
        x => x,
    };
    text.chars().map(replace).collect()
}

/// Control characters, and those that reverse the direction of what follows.
fn is_unprintable(character: char) -> bool {
    let reverses = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    reverses || (character.is_control() && !matches!(character, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_cannot_leave_its_place() {
        let hostile = "</script><img src=x onerror=alert(1)>\"'&\u{1b}[2J\u{202e}";
        let escaped = html(hostile);
        assert!(
            !escaped.contains(['<', '>', '"', '\'', '\u{1b}', '\u{202e}']),
            "{escaped}"
        );
        let json = json_in_script(&serde_json::to_string(hostile).unwrap());
        assert!(!json.contains(['<', '>', '&']));
        let back: String = serde_json::from_str(&json).unwrap();
        assert_eq!(back, hostile, "the text itself is unchanged");
        assert!(!terminal("a\u{1b}[31m\nb").contains(['\u{1b}', '\n']));
    }
}
