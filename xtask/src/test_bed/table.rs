//! The table at the end: tier, result, tests, seconds, what was not run and why.

use std::fmt::Write;
use std::time::Duration;

use super::counts::Counts;
use super::tiers::Tier;
use super::{Plan, seconds};

/// What became of one tier.
pub struct Row {
    tier: &'static str,
    tests: Option<Counts>,
    took: Duration,
    pub failed: Vec<String>,
    not_run: Vec<String>,
}

impl Row {
    /// Adds to what the plan leaves out: ignored tests, and a tier of tests in which none ran.
    pub fn new(tier: &Tier, plan: &Plan, counts: Counts, failed: Vec<String>, took: Duration) -> Self {
        let mut not_run = plan.not_run.clone();
        if counts.ignored > 0 {
            not_run.push(format!("{} ignored tests", counts.ignored));
        }
        if tier.counts_tests && counts.passed + counts.failed == 0 && failed.is_empty() && not_run.is_empty()
        {
            not_run.push("no test ran".to_owned());
        }
        Self { tier: tier.name, tests: tier.counts_tests.then_some(counts), took, failed, not_run }
    }

    /// Whether the run may be called good; in CI nothing may be left out.
    pub fn holds(&self, ci: bool) -> bool {
        self.failed.is_empty() && (!ci || self.not_run.is_empty())
    }

    /// One line for the moment the tier ends.
    pub fn summary(&self) -> String {
        let reasons = self.failed.iter().chain(&self.not_run);
        let why: String = reasons.fold(String::new(), |text, reason| text + ": " + reason);
        format!("{}: {} in {} s{why}", self.tier, self.result(), seconds(self.took))
    }

    fn result(&self) -> &'static str {
        match (self.failed.is_empty(), self.not_run.is_empty()) {
            (false, _) => "failed",
            (true, false) => "not all run",
            (true, true) => "passed",
        }
    }

    fn tests(&self) -> String {
        match self.tests {
            Some(counts) if counts.failed > 0 => {
                format!("{} of {}", counts.passed, counts.passed + counts.failed)
            }
            Some(counts) => counts.passed.to_string(),
            None => "-".to_owned(),
        }
    }
}

/// The whole table, one line a tier and one for the sum.
pub fn render(rows: &[Row]) -> String {
    let mut text =
        format!("{:<20} {:<12} {:>11} {:>9}  not run, and why\n", "tier", "result", "tests", "seconds");
    for row in rows {
        let not_run = if row.not_run.is_empty() { "-".to_owned() } else { row.not_run.join("; ") };
        let (result, tests, took) = (row.result(), row.tests(), seconds(row.took));
        writeln!(text, "{:<20} {result:<12} {tests:>11} {took:>9}  {not_run}", row.tier)
            .expect("a String takes any text");
    }
    let passed: u64 = rows.iter().filter_map(|row| row.tests).map(|counts| counts.passed).sum();
    let took = seconds(rows.iter().map(|row| row.took).sum());
    writeln!(text, "{:<20} {:<12} {passed:>11} {took:>9}", "all", "").expect("a String takes any text");
    text
}

#[cfg(test)]
mod tests {
    use super::super::tiers::TIERS;
    use super::*;

    fn row(name: &str, counts: Counts, failed: &[&str], not_run: &[&str]) -> Row {
        let tier = TIERS.iter().find(|tier| tier.name == name).expect("a tier of that name");
        let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let plan = Plan { steps: Vec::new(), not_run: texts(not_run) };
        Row::new(tier, &plan, counts, texts(failed), Duration::from_millis(1250))
    }

    const SOME: Counts = Counts { passed: 7, failed: 0, ignored: 0 };

    #[test]
    fn what_was_left_out_fails_in_ci_only() {
        let page = row("page", Counts::default(), &[], &["no chromium"]);
        assert!(page.holds(false) && !page.holds(true));
        assert!(render(&[page]).contains("no chromium"));
    }

    #[test]
    fn a_failure_fails_everywhere() {
        assert!(!row("service", SOME, &["exit status: 101"], &[]).holds(false));
        assert!(row("service", SOME, &[], &[]).holds(true));
    }

    #[test]
    fn a_tier_in_which_no_test_ran_and_ignored_tests_are_not_passed_over() {
        assert!(!row("service", Counts::default(), &[], &[]).holds(true));
        assert!(!row("service", Counts { ignored: 1, ..SOME }, &[], &[]).holds(true));
    }

    #[test]
    fn the_last_line_adds_up() {
        let text = render(&[row("service", SOME, &[], &[]), row("page", SOME, &[], &[])]);
        let last = text.lines().last().expect("a last line");
        assert_eq!(last.split_whitespace().collect::<Vec<_>>(), ["all", "14", "2.5"]);
    }
}
