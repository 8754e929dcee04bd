//! A Rust file taken apart by line: code without strings, strings, comments, and whether it is test code.

/// What a line's comment is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Comment {
    #[default]
    None,
    /// `//` or `/* */`.
    Plain,
    /// `///` or `/** */`.
    Doc,
    /// `//!` or `/*! */`.
    FileDoc,
}

/// One line. `code` keeps `""` where a string stood.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pub code: String,
    pub strings: Vec<String>,
    pub comment: Comment,
    pub comment_text: String,
    pub in_tests: bool,
}

impl Line {
    pub fn has_code(&self) -> bool {
        !self.code.trim().is_empty() || !self.strings.is_empty()
    }
}

/// A lexed file; line `n` of the file is `lines[n - 1]`.
#[derive(Debug, Default)]
pub struct Source {
    pub lines: Vec<Line>,
}

impl Source {
    /// Takes `text` apart. Never fails: what is not valid Rust is some code or some string.
    pub fn lex(text: &str) -> Self {
        let mut lexer = Lexer { text: text.chars().collect(), at: 0, lines: vec![Line::default()] };
        while let Some(next) = lexer.peek(0) {
            lexer.item(next);
        }
        if text.ends_with('\n') {
            lexer.lines.pop();
        }
        let mut source = Self { lines: lexer.lines };
        source.mark_tests();
        source
    }

    /// Marks every item under `#[cfg(test)]`: to the end of its braces, or to its semicolon.
    fn mark_tests(&mut self) {
        let mut at = 0;
        while at < self.lines.len() {
            let code = self.lines[at].code.trim_start();
            if code.starts_with("#[cfg(test)]") || code.starts_with("#[cfg(all(test") {
                let end = self.item_end(at);
                self.lines[at..=end].iter_mut().for_each(|line| line.in_tests = true);
                at = end;
            }
            at += 1;
        }
    }

    fn item_end(&self, start: usize) -> usize {
        let mut depth = 0_i32;
        for (at, line) in self.lines.iter().enumerate().skip(start) {
            for letter in line.code.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 1 => return at,
                    '}' => depth -= 1,
                    ';' if depth == 0 => return at,
                    _ => {}
                }
            }
        }
        self.lines.len() - 1
    }
}

struct Lexer {
    text: Vec<char>,
    at: usize,
    lines: Vec<Line>,
}

impl Lexer {
    fn item(&mut self, next: char) {
        match (next, self.peek(1)) {
            ('/', Some('/')) => self.line_comment(),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            ('r' | 'b' | 'c', _) if !self.follows_word() => self.prefixed(),
            _ => self.code(),
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn line(&mut self) -> &mut Line {
        self.lines.last_mut().expect("a lexer begins with one line")
    }

    /// Takes one character as code, or ends the line.
    fn code(&mut self) {
        if let Some(letter) = self.take() {
            self.line().code.push(letter);
        }
    }

    /// Takes one character; a line end is booked and gives `None`.
    fn take(&mut self) -> Option<char> {
        let letter = self.peek(0)?;
        self.at += 1;
        if letter == '\n' {
            self.lines.push(Line::default());
            return None;
        }
        Some(letter)
    }

    fn follows_word(&self) -> bool {
        self.at > 0 && (self.text[self.at - 1].is_alphanumeric() || self.text[self.at - 1] == '_')
    }

    fn line_comment(&mut self) {
        let kind = match (self.peek(2), self.peek(3)) {
            (Some('!'), _) => Comment::FileDoc,
            (Some('/'), fourth) if fourth != Some('/') => Comment::Doc,
            _ => Comment::Plain,
        };
        self.line().comment = kind;
        while self.peek(0).is_some_and(|letter| letter != '\n') {
            self.comment_letter();
        }
    }

    fn block_comment(&mut self) {
        let kind = match (self.peek(2), self.peek(3)) {
            (Some('!'), _) => Comment::FileDoc,
            (Some('*'), fourth) if !matches!(fourth, Some('*' | '/')) => Comment::Doc,
            _ => Comment::Plain,
        };
        let mut depth = 0;
        loop {
            self.line().comment = kind;
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (None, _) => return,
                _ => {
                    self.comment_letter();
                    continue;
                }
            }
            self.comment_letter();
            self.comment_letter();
            if depth == 0 {
                return;
            }
        }
    }

    fn comment_letter(&mut self) {
        if let Some(letter) = self.take() {
            self.line().comment_text.push(letter);
        }
    }

    /// `b"`, `c"`, `r"`, `r#"`, `br#"` and their like; anything else is a word of code.
    fn prefixed(&mut self) {
        let mut ahead = usize::from(matches!(self.peek(0), Some('b' | 'c')));
        let raw = self.peek(ahead) == Some('r');
        ahead += usize::from(raw);
        let mut hashes = 0;
        while raw && self.peek(ahead + hashes) == Some('#') {
            hashes += 1;
        }
        if self.peek(ahead + hashes) != Some('"') {
            return self.code();
        }
        self.at += ahead + hashes;
        if raw { self.raw_string(hashes) } else { self.string() }
    }

    fn string(&mut self) {
        self.begin_string();
        loop {
            match self.peek(0) {
                Some('\\') => {
                    self.string_letter();
                    self.string_letter();
                }
                Some('"') => {
                    self.at += 1;
                    return;
                }
                Some(_) => self.string_letter(),
                None => return,
            }
        }
    }

    fn raw_string(&mut self, hashes: usize) {
        self.begin_string();
        loop {
            let closed = (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
            match self.peek(0) {
                Some('"') if closed => {
                    self.at += 1 + hashes;
                    return;
                }
                Some(_) => self.string_letter(),
                None => return,
            }
        }
    }

    fn begin_string(&mut self) {
        self.at += 1;
        let line = self.line();
        line.code.push_str("\"\"");
        line.strings.push(String::new());
    }

    fn string_letter(&mut self) {
        match self.take() {
            Some(letter) => {
                let strings = &mut self.line().strings;
                strings.last_mut().expect("a string was begun on this line").push(letter);
            }
            None => self.line().strings.push(String::new()),
        }
    }

    /// A character literal is dropped, a lifetime is code.
    fn quote(&mut self) {
        if self.peek(1) == Some('\\') {
            self.at += 3;
            while self.peek(0).is_some_and(|letter| letter != '\'' && letter != '\n') {
                self.at += 1;
            }
            self.at += usize::from(self.peek(0) == Some('\''));
        } else if self.peek(2) == Some('\'') && self.peek(1) != Some('\n') {
            self.at += 3;
        } else {
            self.code();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_code_are_told_apart() {
        let source = Source::lex("//! Purpose.\n/// Doc.\nlet a = \"// no\"; // why\n//// plain\n");
        let kinds: Vec<Comment> = source.lines.iter().map(|line| line.comment).collect();
        assert_eq!(kinds, [Comment::FileDoc, Comment::Doc, Comment::Plain, Comment::Plain]);
        assert_eq!(source.lines[2].code, "let a = \"\"; ");
        assert_eq!(source.lines[2].strings, ["// no"]);
        assert_eq!(source.lines[2].comment_text, "// why");
    }

    #[test]
    fn raw_strings_char_literals_and_lifetimes_do_not_confuse() {
        let text = "let a = r#\"x \"y\" // z\"#; let q = '\"'; fn f<'a>(b: &'a u8) { '\\'' } // c\n";
        let source = Source::lex(text);
        assert_eq!(source.lines[0].strings, ["x \"y\" // z"]);
        assert_eq!(source.lines[0].comment_text, "// c");
        assert!(source.lines[0].code.contains("fn f<'a>(b: &'a u8)"));
    }

    #[test]
    fn a_string_over_several_lines_keeps_the_count_of_lines() {
        let source = Source::lex("let a = \"one\ntwo\";\nlet b = 1;\n");
        assert_eq!(source.lines.len(), 3);
        assert_eq!(source.lines[1].strings, ["two"]);
        assert!(source.lines[1].code.starts_with(';'));
    }

    #[test]
    fn nested_block_comments_end_where_they_end() {
        let source = Source::lex("/* a /* b */ c */ fn f() {}\n");
        assert_eq!(source.lines[0].code.trim(), "fn f() {}");
    }

    #[test]
    fn a_test_module_is_marked_to_its_closing_brace() {
        let text =
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nuse x;\n";
        let marks: Vec<bool> = Source::lex(text).lines.iter().map(|line| line.in_tests).collect();
        assert_eq!(marks, [false, true, true, true, true, false, true, true]);
    }
}
