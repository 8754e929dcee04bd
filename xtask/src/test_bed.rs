//! `make test`: runs the tiers in order, keeps their output, ends in a table. What could not run is said, and fails CI.

mod counts;
mod descendants;
mod live;
mod step;
mod table;
mod test_binaries;
mod tiers;
pub mod tools;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use counts::Counts;
use live::Live;
use step::{Outcome, Step};
use table::Row;
use tiers::{TIERS, Tier};

/// Lines of a failed tier's log that are printed; the whole is in its file.
const TAIL_LINES: usize = 60;

/// Where things are, and how strict this run is.
pub struct Bed {
    root: PathBuf,
    target: PathBuf,
    /// `CI=true`: what did not run is a failure, and missing system packages are installed.
    ci: bool,
}

/// The steps of a tier, and what it will not do.
#[derive(Default)]
pub struct Plan {
    steps: Vec<Step>,
    not_run: Vec<String>,
}

/// Prints the names of the tiers.
pub fn list() {
    for tier in TIERS {
        println!("{:<20} {}", tier.name, tier.purpose);
    }
}

/// Runs the named tiers, or all when none is named. True when nothing failed and, in CI, nothing was left out.
pub fn run(root: &Path, names: &[String]) -> Result<bool> {
    let chosen = chosen(names)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    let bed = Bed { root: root.to_path_buf(), target: std::path::absolute(target)?, ci };
    fs::create_dir_all(bed.logs()).context("the directory of the logs cannot be made")?;
    let mut rows = Vec::new();
    for tier in chosen {
        rows.push(bed.run_tier(tier)?);
    }
    print!("\n{}", table::render(&rows));
    println!("logs: {}", bed.logs().display());
    Ok(rows.iter().all(|row| row.holds(bed.ci)))
}

fn chosen(names: &[String]) -> Result<Vec<&'static Tier>> {
    if names.is_empty() {
        return Ok(TIERS.iter().collect());
    }
    let mut chosen = Vec::new();
    for name in names {
        let Some(tier) = TIERS.iter().find(|tier| tier.name == name) else {
            bail!("unknown tier {name:?}, see cargo xtask test --list");
        };
        chosen.push(tier);
    }
    Ok(chosen)
}

impl Bed {
    fn logs(&self) -> PathBuf {
        self.target.join("test-logs")
    }

    fn run_tier(&self, tier: &Tier) -> Result<Row> {
        let started = Instant::now();
        let log_path = self.logs().join(format!("{}.log", tier.name));
        let mut log =
            File::create(&log_path).with_context(|| format!("{} cannot be written", log_path.display()))?;
        let mut live = Live::begin(tier.name);
        let mut counts = Counts::default();
        let mut failed = Vec::new();
        let plan = (tier.plan)(self, &mut log)?;
        for step in &plan.steps {
            let left = tier.limit.saturating_sub(started.elapsed());
            if let Outcome::Failed(why) = step.run(left, &mut log, &mut live, &mut counts)? {
                failed.push(why);
            }
        }
        let row = Row::new(tier, &plan, counts, failed, started.elapsed());
        live.end(&row.summary());
        if !row.failed.is_empty() {
            print_tail(&log_path)?;
        }
        Ok(row)
    }
}

fn print_tail(log: &Path) -> Result<()> {
    let bytes = fs::read(log)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !is_passed_test(line)).collect();
    println!("--- the last lines of {}", log.display());
    for line in &lines[lines.len().saturating_sub(TAIL_LINES)..] {
        println!("{line}");
    }
    println!("---");
    Ok(())
}

/// Hundreds of them would hide the one that failed.
fn is_passed_test(line: &str) -> bool {
    line.starts_with("test ") && line.ends_with(" ... ok")
}

/// Seconds with one decimal, as every line here shows a duration.
fn seconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_tier_is_named() {
        assert!(chosen(&["pagee".to_owned()]).err().expect("no such tier").to_string().contains("pagee"));
        assert_eq!(chosen(&[]).expect("all tiers").len(), TIERS.len());
    }
}
