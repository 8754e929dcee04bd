//! What was typed after `cargo xtask`, turned into what is meant.

use anyhow::{Result, bail};

/// Printed by `cargo xtask help`.
pub const USAGE: &str = "usage: cargo xtask VERB
  tidy                     check the house rules; every finding is one line `path:line: what, expected`
  test [--tier NAME]...    run the test bed, or only the named tiers; CI=true makes `not run` a failure
  test --list              name the tiers
  docs [--check]           rewrite the generated blocks in the docs, or only compare them
  ledger                   check the golden logs' ledger of versions: its chain, the corpus, its past in git; and the
                           past of the protocol's ledger of drafts
  bench-check [--bless]    count instructions against benches/instructions.toml, or write it anew
  bless --reason TEXT      record the golden logs anew, append to the ledger what changed, and raise the simulation
                           version when a state hash has moved
  draft --reason TEXT      record the golden bytes of the protocol anew, and append to their ledger when they changed";

/// One thing to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Verb {
    Help,
    Tidy,
    Test {
        /// Names of tiers; empty means all.
        tiers: Vec<String>,
    },
    ListTiers,
    Docs {
        check: bool,
    },
    Ledger,
    BenchCheck {
        bless: bool,
    },
    Bless {
        reason: String,
    },
    Draft {
        reason: String,
    },
}

/// Reads the arguments. Errors name the word that was not understood and what was expected.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Verb> {
    let words: Vec<String> = arguments.collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h"] => Ok(Verb::Help),
        ["tidy"] => Ok(Verb::Tidy),
        ["test", "--list"] => Ok(Verb::ListTiers),
        ["test", rest @ ..] => Ok(Verb::Test { tiers: tier_names(rest)? }),
        ["docs"] => Ok(Verb::Docs { check: false }),
        ["docs", "--check"] => Ok(Verb::Docs { check: true }),
        ["ledger"] => Ok(Verb::Ledger),
        ["bench-check"] => Ok(Verb::BenchCheck { bless: false }),
        ["bench-check", "--bless"] => Ok(Verb::BenchCheck { bless: true }),
        ["bless", "--reason", reason] if !reason.trim().is_empty() => {
            Ok(Verb::Bless { reason: reason.trim().to_owned() })
        }
        ["draft", "--reason", reason] if !reason.trim().is_empty() => {
            Ok(Verb::Draft { reason: reason.trim().to_owned() })
        }
        ["draft", ..] => bail!(
            "a reason is kept beside the new bytes: make draft REASON=\"why they changed\", or draft --reason TEXT"
        ),
        ["bless", ..] => bail!(
            "a reason is kept beside the new hashes: make bless REASON=\"why the hashes moved\", or bless --reason TEXT"
        ),
        ["tidy" | "docs" | "ledger" | "bench-check", word, ..] => bail!("unknown argument {word:?}"),
        [word, ..] => {
            bail!("unknown verb {word:?}, expected tidy, test, docs, ledger, bench-check, bless or draft")
        }
    }
}

fn tier_names(words: &[&str]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = words;
    while let [first, tail @ ..] = rest {
        let (name, tail) = match (*first, tail) {
            ("--tier", [name, tail @ ..]) => (*name, tail),
            ("--tier", []) => bail!("--tier needs a name, see cargo xtask test --list"),
            (word, _) => bail!("unknown argument {word:?}, expected --tier NAME or --list"),
        };
        names.push(name.to_owned());
        rest = tail;
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Verb> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_verb_of_the_usage_is_understood() {
        assert_eq!(parsed("tidy").unwrap(), Verb::Tidy);
        assert_eq!(parsed("ledger").unwrap(), Verb::Ledger);
        assert_eq!(parsed("bench-check --bless").unwrap(), Verb::BenchCheck { bless: true });
        assert_eq!(parsed("docs --check").unwrap(), Verb::Docs { check: true });
        assert_eq!(parsed("test --list").unwrap(), Verb::ListTiers);
        let tiers = vec!["page".to_owned(), "tidy".to_owned()];
        assert_eq!(parsed("test --tier page --tier tidy").unwrap(), Verb::Test { tiers });
        assert_eq!(parsed("bless --reason dash").unwrap(), Verb::Bless { reason: "dash".into() });
        assert_eq!(parsed("draft --reason act").unwrap(), Verb::Draft { reason: "act".into() });
    }

    #[test]
    fn a_wrong_word_is_named() {
        assert!(parsed("tidyy").unwrap_err().to_string().contains("tidyy"));
        assert!(parsed("docs --chek").unwrap_err().to_string().contains("--chek"));
        assert!(parsed("test --tier").unwrap_err().to_string().contains("needs a name"));
    }

    #[test]
    fn blessing_without_a_reason_is_refused_with_what_to_type() {
        assert!(parsed("bless").is_err());
        let error =
            parse(["bless", "--reason", "  "].into_iter().map(str::to_owned)).unwrap_err().to_string();
        assert!(error.contains("make bless REASON=\"why"), "{error}");
        let error = parsed("draft").unwrap_err().to_string();
        assert!(error.contains("make draft REASON=\"why"), "{error}");
    }
}
