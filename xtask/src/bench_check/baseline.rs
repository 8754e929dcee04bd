//! The committed counts, as a file that a person reads, and what a new count is beside them.

use std::collections::BTreeMap;
use std::fmt::Write;

/// More than this above is worse; more than this below asks for a new baseline, or the next loss would hide in it.
pub const TOLERANCE_PERCENT: u64 = 3;

/// Counts and the compiler they are of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// `rustc 1.95.0 (59807616e 2026-04-14) x86_64-unknown-linux-gnu`
    pub compiler: String,
    /// Instructions of each part, for one call.
    pub instructions: BTreeMap<String, u64>,
}

/// What a count is beside its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Within,
    Above,
    Below,
    /// The baseline has no such part.
    New,
}

impl Verdict {
    pub fn of(found: u64, baseline: Option<u64>) -> Self {
        let Some(baseline) = baseline else {
            return Self::New;
        };
        match (found * 100, baseline * (100 + TOLERANCE_PERCENT), baseline * (100 - TOLERANCE_PERCENT)) {
            (found, most, _) if found > most => Self::Above,
            (found, _, least) if found < least => Self::Below,
            _ => Self::Within,
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Within => "good",
            Self::Above => "RED: more than 3 % above, make it cheaper or make bench-baseline and say why",
            Self::Below => "RED: more than 3 % below, make bench-baseline",
            Self::New => "RED: not in the baseline, make bench-baseline",
        }
    }
}

impl Baseline {
    /// # Errors
    /// The first line that is not understood.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut baseline = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let fault = || {
                format!("line {}: found {line:?}, expected `part = count` or `compiler = \"...\"`", at + 1)
            };
            if line.is_empty() || line == "[instructions]" {
                continue;
            }
            let (key, value) = line.split_once(" = ").ok_or_else(fault)?;
            if key == "compiler" {
                baseline.compiler = value.trim_matches('"').to_owned();
                continue;
            }
            let count = value.replace('_', "").parse().map_err(|_| fault())?;
            baseline.instructions.insert(key.to_owned(), count);
        }
        Ok(baseline)
    }

    pub fn text(&self) -> String {
        let mut text = format!(
            "# Instructions of one call of each part, counted by callgrind in benches/instructions.rs. Written by\n\
             # `make bench-baseline`, compared by `make bench-check`: more than {TOLERANCE_PERCENT} % above or below is red.\n\n\
             compiler = \"{}\"\n\n[instructions]\n",
            self.compiler
        );
        for (part, count) in &self.instructions {
            writeln!(text, "{part} = {}", grouped(*count, '_')).expect("a String takes any text");
        }
        text
    }
}

/// 12345 as `12_345`.
pub fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_percent_to_either_side_are_good_and_more_is_not() {
        for (found, expected) in [
            (1_000, Verdict::Within),
            (1_030, Verdict::Within),
            (1_031, Verdict::Above),
            (970, Verdict::Within),
            (969, Verdict::Below),
        ] {
            assert_eq!(Verdict::of(found, Some(1_000)), expected, "{found}");
        }
        assert_eq!(Verdict::of(1_000, None), Verdict::New);
    }

    #[test]
    fn what_was_written_is_read_again() {
        let instructions = [("step".to_owned(), 1_234_567), ("hash".to_owned(), 999)].into();
        let baseline =
            Baseline { compiler: "rustc 1.95.0 (59807616e 2026-04-14) x86_64".to_owned(), instructions };
        assert_eq!(Baseline::read(&baseline.text()), Ok(baseline.clone()));
        assert!(baseline.text().contains("step = 1_234_567\n"), "{}", baseline.text());
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        let fault = Baseline::read("compiler = \"a\"\n[instructions]\nstep = many\n").unwrap_err();
        assert!(fault.starts_with("line 3:") && fault.contains("many"), "{fault}");
    }
}
