//! The paths a file names: `use` groups are written out, `self`, `super` and the crate's own name resolved.

use crate::source::Source;

/// A path such as `crate::store::sqlite`, and the line it begins on.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedPath {
    pub line: usize,
    pub segments: Vec<String>,
    pub in_tests: bool,
}

impl NamedPath {
    pub fn starts_with(&self, prefix: &str) -> bool {
        let mut segments = self.segments.iter();
        prefix.split("::").all(|wanted| segments.next().is_some_and(|segment| segment == wanted))
    }

    pub fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// Every path in `source`, which lies at `path`. Single words are paths of one segment.
pub fn named(path: &str, source: &Source) -> Vec<NamedPath> {
    let tokens = tokens(source);
    let mut walker = Walker { tokens: &tokens, at: 0, groups: Vec::new(), found: Vec::new() };
    walker.walk();
    let module = module_of(path);
    walker.found.into_iter().map(|named| resolved(named, &module)).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Word(String),
    Colons,
    Other(char),
}

struct Token {
    kind: Kind,
    line: usize,
    in_tests: bool,
}

fn tokens(source: &Source) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (at, line) in source.lines.iter().enumerate() {
        let mut rest = line.code.as_str();
        while let Some(first) = rest.chars().next() {
            let word_end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let (kind, length) = match word_end.unwrap_or(rest.len()) {
                0 if rest.starts_with("::") => (Kind::Colons, 2),
                0 => (Kind::Other(first), first.len_utf8()),
                end => (Kind::Word(rest[..end].to_owned()), end),
            };
            rest = &rest[length..];
            if kind != Kind::Other(' ') {
                tokens.push(Token { kind, line: at + 1, in_tests: line.in_tests });
            }
        }
    }
    tokens
}

struct Walker<'a> {
    tokens: &'a [Token],
    at: usize,
    /// `Some(prefix)` for the braces of a `use` group, `None` for other braces.
    groups: Vec<Option<Vec<String>>>,
    found: Vec<NamedPath>,
}

impl Walker<'_> {
    fn walk(&mut self) {
        while let Some(token) = self.tokens.get(self.at) {
            match &token.kind {
                Kind::Word(word) if word == "as" => self.at += 2,
                Kind::Word(word) => self.path(word.clone(), token),
                Kind::Other(brace @ ('{' | '}')) => {
                    if *brace == '{' {
                        self.groups.push(None);
                    } else {
                        self.groups.pop();
                    }
                    self.at += 1;
                }
                Kind::Other(_) | Kind::Colons => self.at += 1,
            }
        }
    }

    fn path(&mut self, first: String, token: &Token) {
        let mut segments = self.groups.last().cloned().flatten().unwrap_or_default();
        segments.push(first);
        self.at += 1;
        while self.kind(0) == Some(&Kind::Colons) {
            match self.kind(1) {
                Some(Kind::Word(word)) => {
                    segments.push(word.clone());
                    self.at += 2;
                }
                Some(Kind::Other('{')) => {
                    self.groups.push(Some(segments));
                    self.at += 2;
                    return;
                }
                _ => break,
            }
        }
        self.found.push(NamedPath { line: token.line, segments, in_tests: token.in_tests });
    }

    fn kind(&self, ahead: usize) -> Option<&Kind> {
        self.tokens.get(self.at + ahead).map(|token| &token.kind)
    }
}

/// `src/ws/reader.rs` is the module `ws::reader` of its crate.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.split_once("src/").map_or(path, |(_, inside)| inside);
    let stem = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut module: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

fn resolved(mut named: NamedPath, module: &[String]) -> NamedPath {
    let own_name = |segment: &String| segment == "realtime_combat_service" || segment == "crate";
    let supers = named.segments.iter().take_while(|segment| *segment == "super").count();
    let start = match named.segments.first() {
        Some(first) if own_name(first) => (1, &module[..0]),
        Some(first) if first == "self" && named.segments.len() > 1 => (1, module),
        Some(_) if supers > 0 => (supers, &module[..module.len().saturating_sub(supers)]),
        _ => return named,
    };
    let (dropped, base) = start;
    let tail = named.segments.split_off(dropped);
    named.segments = std::iter::once("crate".to_owned()).chain(base.iter().cloned()).chain(tail).collect();
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, text: &str) -> Vec<String> {
        let named = named(path, &Source::lex(text));
        named.iter().filter(|path| path.segments.len() > 1).map(NamedPath::text).collect()
    }

    #[test]
    fn groups_are_written_out() {
        let found = texts("src/app.rs", "use crate::{store::{sqlite::Store, memory}, http as web};\n");
        assert_eq!(found, ["crate::store::sqlite::Store", "crate::store::memory", "crate::http"]);
    }

    #[test]
    fn relative_paths_are_resolved_from_the_file() {
        assert_eq!(texts("src/ws/reader.rs", "use super::close::Code;\n"), ["crate::ws::close::Code"]);
        assert_eq!(texts("src/ws/mod.rs", "use self::reader::read;\n"), ["crate::ws::reader::read"]);
        assert_eq!(texts("src/main.rs", "realtime_combat_service::cli::run();\n"), ["crate::cli::run"]);
    }

    #[test]
    fn a_call_in_a_body_is_a_path_and_a_group_does_not_leak() {
        let found = texts("src/a.rs", "use a::{b, c};\nfn f() { sqlx::query(x); { d::e() } }\n");
        assert_eq!(found, ["a::b", "a::c", "sqlx::query", "d::e"]);
    }

    #[test]
    fn a_prefix_matches_whole_segments_only() {
        let source = Source::lex("crate::httpish::f();\n");
        assert!(!named("src/a.rs", &source).iter().any(|path| path.starts_with("crate::http")));
    }
}
