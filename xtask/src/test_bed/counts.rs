//! How many tests ran, read from the lines that cargo, node and tidy print.

/// Added up over all steps of a tier.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    pub ignored: u64,
}

impl Counts {
    /// Reads `test result: ok. 3 passed; …` (cargo), `# pass 3` (node) or `tidy: 11 checks, …`.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
        if let Some(result) = line.strip_prefix("test result:") {
            self.passed += number_before(result, " passed");
            self.failed += number_before(result, " failed");
            self.ignored += number_before(result, " ignored");
        } else if let Some(report) = line.strip_prefix("# ").or_else(|| line.strip_prefix("\u{2139} ")) {
            self.passed += number_after(report, "pass ");
            self.failed += number_after(report, "fail ");
            self.ignored += number_after(report, "skipped ");
        } else if let Some(result) = line.strip_prefix("tidy:") {
            self.passed += number_before(result, " checks");
        }
    }
}

fn number_before(text: &str, word: &str) -> u64 {
    let before = text.find(word).map_or("", |at| &text[..at]);
    before
        .rsplit(|letter: char| !letter.is_ascii_digit())
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

fn number_after(text: &str, word: &str) -> u64 {
    text.strip_prefix(word).and_then(|rest| rest.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_several_lines_are_added_up() {
        let mut counts = Counts::default();
        counts.read(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s",
        );
        counts.read("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.read("\u{2139} pass 4");
        counts.read("# fail 2");
        counts.read("tidy: 11 checks, 140 files, 0 findings");
        assert_eq!(counts, Counts { passed: 29, failed: 3, ignored: 1 });
    }

    #[test]
    fn other_lines_count_nothing() {
        let mut counts = Counts::default();
        counts.read("test movement::passes ... ok");
        counts.read("# Subtest: 4 kills");
        assert_eq!(counts, Counts::default());
    }
}
