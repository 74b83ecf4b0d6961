//! A small reader of Rust source: it tells code from comments and literals.
//!
//! In: the text of a file. Out: the code with comments, strings and characters blanked (every line
//! keeps its number), the comments alone, and the code's tokens. It knows just enough of the
//! language never to take a word in a string for code; it does not check that a file compiles.

/// A Rust file, taken apart.
#[derive(Debug)]
pub(crate) struct Source {
    /// The code, with comments and literals replaced by blanks.
    pub(crate) code: String,
    /// The comments, with everything else replaced by blanks.
    pub(crate) comments: String,
}

/// One identifier, number or single mark of punctuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// The characters of the token.
    pub(crate) text: &'a str,
    /// Its line, from 1.
    pub(crate) line: usize,
}

impl Source {
    /// Takes a file apart.
    pub(crate) fn read(text: &str) -> Self {
        let mut reader = Reader {
            letters: text.chars().collect(),
            at: 0,
            code: String::with_capacity(text.len()),
            comments: String::with_capacity(text.len()),
        };
        while reader.at < reader.letters.len() {
            reader.step();
        }
        Self {
            code: reader.code,
            comments: reader.comments,
        }
    }

    /// The tokens of the code.
    pub(crate) fn tokens(&self) -> Vec<Token<'_>> {
        let mut tokens = Vec::new();
        for (number, line) in self.code.lines().enumerate() {
            let mut rest = line.trim_start();
            while let Some(first) = rest.chars().next() {
                let end = if is_word(first) {
                    rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())
                } else {
                    first.len_utf8()
                };
                let line = number + 1;
                let text = &rest[..end];
                tokens.push(Token { text, line });
                rest = rest[end..].trim_start();
            }
        }
        tokens
    }
}

/// Whether a character can be part of an identifier or a number.
pub(crate) fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where a piece of the text belongs.
#[derive(Clone, Copy)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// The state of taking one text apart.
struct Reader {
    letters: Vec<char>,
    at: usize,
    code: String,
    comments: String,
}

impl Reader {
    /// The character `ahead` places from here.
    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    /// Hands `count` characters to where they belong and blanks them elsewhere.
    fn take(&mut self, count: usize, kind: Kind) {
        let end = (self.at + count).min(self.letters.len());
        for &letter in &self.letters[self.at..end] {
            let blank = if letter == '\n' { '\n' } else { ' ' };
            let (code, comment) = match kind {
                Kind::Code => (letter, blank),
                Kind::Comment => (blank, letter),
                Kind::Literal => (blank, blank),
            };
            self.code.push(code);
            self.comments.push(comment);
        }
        self.at = end;
    }

    /// Reads one comment, literal, word or mark.
    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            (Some('/'), Some('/')) => self.line_comment(),
            (Some('/'), Some('*')) => self.block_comment(),
            (Some('"'), _) => self.string(),
            (Some('\''), _) => self.character_or_lifetime(),
            (Some(letter), _) if is_word(letter) => self.word(),
            _ => self.take(1, Kind::Code),
        }
    }

    /// A comment to the end of its line.
    fn line_comment(&mut self) {
        let rest = &self.letters[self.at..];
        let length = rest.iter().position(|&letter| letter == '\n');
        self.take(length.unwrap_or(rest.len()), Kind::Comment);
    }

    /// A comment between marks, which may hold others.
    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.letters.len() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.take(2, Kind::Comment);
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.take(2, Kind::Comment);
                }
                _ => self.take(1, Kind::Comment),
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// A string with escapes, from its opening quote.
    fn string(&mut self) {
        self.take(1, Kind::Literal);
        while let Some(letter) = self.peek(0) {
            self.take(if letter == '\\' { 2 } else { 1 }, Kind::Literal);
            if letter == '"' {
                return;
            }
        }
    }

    /// A raw string, from its first `#` or its opening quote.
    fn raw_string(&mut self, hashes: usize) {
        self.take(hashes + 1, Kind::Literal);
        while let Some(letter) = self.peek(0) {
            let closes = letter == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
            self.take(if closes { hashes + 1 } else { 1 }, Kind::Literal);
            if closes {
                return;
            }
        }
    }

    /// A character literal, or the tick of a lifetime.
    fn character_or_lifetime(&mut self) {
        if self.peek(1) == Some('\\') {
            self.take(3, Kind::Literal);
            while let Some(letter) = self.peek(0) {
                self.take(1, Kind::Literal);
                if letter == '\'' {
                    return;
                }
            }
        } else if self.peek(2) == Some('\'') {
            self.take(3, Kind::Literal);
        } else {
            self.take(1, Kind::Code);
        }
    }

    /// A word, which may be the prefix of a string.
    fn word(&mut self) {
        let rest = &self.letters[self.at..];
        let length = rest.iter().position(|&letter| !is_word(letter));
        let length = length.unwrap_or(rest.len());
        let word: String = rest[..length].iter().collect();
        self.take(length, Kind::Code);
        if matches!(word.as_str(), "r" | "br" | "cr") {
            let rest = &self.letters[self.at..];
            let hashes = rest.iter().take_while(|&&letter| letter == '#').count();
            if rest.get(hashes) == Some(&'"') {
                self.raw_string(hashes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words that count as code in a text.
    fn words(text: &str) -> Vec<String> {
        let source = Source::read(text);
        let tokens = source.tokens();
        let words = tokens
            .iter()
            .filter(|token| token.text.chars().all(is_word));
        words.map(|token| token.text.to_owned()).collect()
    }

    #[test]
    fn comments_are_not_code() {
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), ["a", "c", "g"]);
        let source = Source::read("a // b\nc");
        assert_eq!(source.comments, "  // b\n ");
    }

    #[test]
    fn strings_are_not_code_and_their_quotes_can_be_escaped() {
        assert_eq!(words(r#"a "b \" c" d b"e" f"#), ["a", "d", "b", "f"]);
        assert_eq!(words(r##"a r#"b " c"# d"##), ["a", "r", "d"]);
        assert_eq!(words("a \"// b\" c"), ["a", "c"]);
        assert_eq!(words("br\"\\\" x"), ["br", "x"]);
    }

    #[test]
    fn characters_are_not_code_but_lifetimes_are() {
        assert_eq!(words(r#"a '"' b '\'' c '/' d"#), ["a", "b", "c", "d"]);
        assert_eq!(
            words("fn f<'a>(x: &'a str)"),
            ["fn", "f", "a", "x", "a", "str"]
        );
        assert_eq!(words(r"a '\u{1F600}' b"), ["a", "b"]);
    }

    #[test]
    fn raw_identifiers_stay_code() {
        assert_eq!(words("r#type x"), ["r", "type", "x"]);
    }

    #[test]
    fn tokens_know_their_lines() {
        let source = Source::read("/* a\nb */ c\n\"d\ne\" f");
        let lines: Vec<(&str, usize)> = source
            .tokens()
            .iter()
            .map(|token| (token.text, token.line))
            .collect();
        assert_eq!(lines, [("c", 2), ("f", 4)]);
    }

    #[test]
    fn an_unfinished_literal_ends_with_the_file() {
        assert_eq!(words("a \"b"), ["a"]);
        assert_eq!(words("a /* b"), ["a"]);
        assert_eq!(words("a r#\"b\""), ["a", "r"]);
    }
}
