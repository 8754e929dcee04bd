//! Where a rule does not hold, and why: the one place to say so.

use super::Finding;

/// One file that one check leaves alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Exemption {
    pub check: &'static str,
    pub path: &'static str,
    pub reason: &'static str,
}

/// Flat lists (a schedule, a catalogue, a table) and what a rule's own nature excuses.
const EXEMPTIONS: &[Exemption] =
    &[Exemption { check: "sql", path: "xtask/src/tidy/sql.rs", reason: "it lists the words it looks for" }];

const THIS_FILE: &str = "xtask/src/tidy/exemptions.rs";

/// The exemption of `path` from `check`, if it has one.
pub fn of(check: &str, path: &str) -> Option<&'static Exemption> {
    EXEMPTIONS.iter().find(|exemption| exemption.check == check && exemption.path == path)
}

/// Exemptions that nothing needs any more, and those without a reason.
pub fn unused(used: &[&'static Exemption]) -> Vec<Finding> {
    unused_of(EXEMPTIONS, used)
}

fn unused_of(all: &[Exemption], used: &[&Exemption]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for exemption in all {
        if !used.contains(&exemption) {
            let text = format!(
                "{} no longer needs its exemption from {}, remove it",
                exemption.path, exemption.check
            );
            findings.push(Finding::new(THIS_FILE, 1, text));
        }
        if exemption.reason.is_empty() {
            let text = format!("{} is exempt from {} without a reason", exemption.path, exemption.check);
            findings.push(Finding::new(THIS_FILE, 1, text));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exemption_that_nothing_needs_is_found() {
        let stale = [Exemption { check: "file-size", path: "src/a.rs", reason: "a flat list" }];
        assert_eq!(unused_of(&stale, &[]).len(), 1);
        assert_eq!(unused_of(&stale, &[&stale[0]]), []);
    }

    #[test]
    fn an_exemption_without_a_reason_is_found() {
        let bare = [Exemption { check: "file-size", path: "src/a.rs", reason: "" }];
        assert!(unused_of(&bare, &[&bare[0]])[0].text.contains("without a reason"));
    }
}
