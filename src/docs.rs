//! Holds generated tables in `docs/` to what the code says. `BLESS_DOCS=1` rewrites them.

use std::path::Path;

/// Compares the text between the markers `<!-- generated: NAME -->` and `<!-- end: NAME -->` with `expected`.
pub fn assert_generated(file: &str, name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let (start, end) = (format!("<!-- generated: {name} -->\n"), format!("<!-- end: {name} -->"));
    let (head, rest) = text.split_once(&start).unwrap_or_else(|| panic!("{file} lacks the line {start:?}"));
    let (found, tail) = rest.split_once(&end).unwrap_or_else(|| panic!("{file} lacks the line {end:?}"));
    let expected = format!("{}\n", expected.trim_end());
    if std::env::var_os("BLESS_DOCS").is_some() {
        std::fs::write(&path, format!("{head}{start}{expected}{end}{tail}"))
            .expect("the page can be written");
    } else {
        assert_eq!(found, expected, "{file}: table {name} is stale: run the tests docs_ with BLESS_DOCS=1");
    }
}
