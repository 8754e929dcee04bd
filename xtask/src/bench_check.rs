//! `make bench-check`: instructions of the parts of a match, counted by callgrind, against a committed baseline.
//!
//! Instructions and not time: they repeat on a machine that is shared and noisy.

mod baseline;
mod profile;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::test_bed::tools;
use baseline::{Baseline, Verdict, grouped};
use profile::Calls;

/// Of the workspace.
const BASELINE_PATH: &str = "benches/instructions.toml";

/// A part by its name in the baseline, the function it is, and what one call of it does.
const PARTS: [(&str, &str, &str); 5] = [
    ("step", "measured_step", "a tick of ten who fight, without its hash"),
    ("hash", "hash_state", "the hash of that tick"),
    ("encode", "measured_encode", "view, public delta and ten own parts"),
    ("read_frame", "measured_read_frame", "a client takes in a message"),
    ("read_claim", "measured_read_claim", "the server reads a message and what it means"),
];

/// Counts and compares, or with `bless` writes the baseline anew. True when the baseline holds.
pub fn run(root: &Path, bless: bool) -> Result<bool> {
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let directory = target.join("bench-check");
    fs::create_dir_all(&directory).context("no room for the profile")?;
    let mut log = File::create(directory.join("tools.log")).context("no room for a log")?;
    let valgrind = match tools::valgrind(&mut log)? {
        Ok(valgrind) => valgrind,
        Err(why) if bless => bail!("{why}"),
        Err(why) => {
            println!("bench-check: not run: {why}");
            return Ok(!is_ci);
        }
    };
    let compiler = compiler(root)?;
    let known = match fs::read_to_string(root.join(BASELINE_PATH)) {
        Ok(text) => Baseline::read(&text).map_err(|fault| anyhow::anyhow!("{BASELINE_PATH}: {fault}"))?,
        Err(_) => Baseline::default(),
    };
    if !bless && known.compiler != compiler {
        println!(
            "bench-check: not run: {BASELINE_PATH} is of another compiler, {:?}, expected {compiler:?}: make bench-baseline",
            known.compiler
        );
        return Ok(!is_ci);
    }
    let found = count(root, &valgrind, &directory)?;
    let holds = print_table(&found, &known);
    if bless {
        let instructions = found.iter().map(|(part, calls)| ((*part).to_owned(), calls.each())).collect();
        let text = Baseline { compiler, instructions }.text();
        fs::write(root.join(BASELINE_PATH), text)
            .with_context(|| format!("{BASELINE_PATH} cannot be written"))?;
        println!("bench-check: {BASELINE_PATH} is written");
    }
    Ok(bless || holds)
}

/// Builds the match, plays it under callgrind and reads what its parts cost.
fn count(root: &Path, valgrind: &Path, directory: &Path) -> Result<Vec<(&'static str, Calls)>> {
    let executable = built(root)?;
    let output = directory.join("callgrind.out");
    let mut command = Command::new(valgrind);
    // Its size moves the stack, and with it what copies cost: a tenth of a percent of a step.
    command.env_clear();
    command.args(["--tool=callgrind", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", output.display())).arg(executable).current_dir(root);
    if !command.status().context("valgrind could not be started")?.success() {
        bail!("the match did not end well under callgrind");
    }
    let profile =
        fs::read_to_string(&output).with_context(|| format!("{} cannot be read", output.display()))?;
    let mut found = Vec::new();
    for (part, function, _) in PARTS {
        let calls = profile::calls_of(&profile, function);
        if calls.count == 0 {
            bail!("no call of {function} in {}, expected one a tick or message", output.display());
        }
        found.push((part, calls));
    }
    Ok(without_hash(found))
}

/// A step contains its hash, which is counted by itself.
fn without_hash(mut found: Vec<(&'static str, Calls)>) -> Vec<(&'static str, Calls)> {
    let hash = found.iter().find(|(part, _)| *part == "hash").map_or(0, |(_, calls)| calls.each());
    for (_, calls) in found.iter_mut().filter(|(part, _)| *part == "step") {
        calls.instructions = calls.instructions.saturating_sub(hash * calls.count);
    }
    found
}

/// The path of the bench, optimised as a release is.
fn built(root: &Path) -> Result<PathBuf> {
    let mut command = Command::new("cargo");
    let line = "bench -p realtime-combat-service --bench instructions --no-run --message-format=json-render-diagnostics";
    let mut child = command
        .args(line.split(' '))
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo could not be started")?;
    let stdout = child.stdout.take().context("standard output was piped")?;
    let mut executable = None;
    for message in BufReader::new(stdout).lines() {
        let message = message.context("cargo's messages")?;
        let is_bench =
            message.contains("\"kind\":[\"bench\"]") && message.contains("\"name\":\"instructions\"");
        if is_bench && let Some((_, rest)) = message.split_once("\"executable\":\"") {
            executable = rest.split('"').next().map(PathBuf::from);
        }
    }
    if !child.wait()?.success() {
        bail!("the bench could not be built");
    }
    executable.context("cargo named no executable of the bench")
}

/// Version and target: counts of another one are not comparable.
fn compiler(root: &Path) -> Result<String> {
    let output =
        Command::new("rustc").arg("-vV").current_dir(root).output().context("rustc could not be started")?;
    let text = String::from_utf8(output.stdout).context("rustc says what is not text")?;
    let version = text.lines().next().context("rustc has a version")?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc has a host")?;
    Ok(format!("{version} {host}"))
}

fn print_table(found: &[(&'static str, Calls)], known: &Baseline) -> bool {
    println!(
        "{:<12} {:>8} {:>14} {:>12} {:>8}  verdict",
        "part", "calls", "instructions", "baseline", "change"
    );
    let mut holds = true;
    for (part, calls) in found {
        let baseline = known.instructions.get(*part).copied();
        let verdict = Verdict::of(calls.each(), baseline);
        holds &= verdict == Verdict::Within;
        let change = baseline.map_or("-".to_owned(), |baseline| {
            format!("{:+.2} %", (calls.each() as f64 / baseline as f64 - 1.0) * 100.0)
        });
        let shown = |number| grouped(number, ',');
        println!(
            "{part:<12} {:>8} {:>14} {:>12} {change:>8}  {}",
            shown(calls.count),
            shown(calls.each()),
            baseline.map_or("-".to_owned(), shown),
            verdict.text()
        );
    }
    println!();
    for (part, _, what) in PARTS {
        println!("{part:<12} {what}");
    }
    holds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_counted_without_its_hash() {
        let calls = |count, instructions| Calls { count, instructions };
        let found = without_hash(vec![("step", calls(10, 1_000)), ("hash", calls(20, 600))]);
        assert_eq!(found, [("step", calls(10, 700)), ("hash", calls(20, 600))]);
    }
}
