//! The tiers of `make test`, in the order they run. A new tier is one function and one line in `TIERS`.

use std::fs::File;
use std::time::Duration;

use anyhow::Result;

use super::step::{Invocation, Step};
use super::{Bed, Plan, tools};

/// One row of the table.
pub struct Tier {
    pub name: &'static str,
    pub purpose: &'static str,
    /// Whether it is made of tests: then none having run is a fault.
    pub counts_tests: bool,
    /// Beyond it the tier is ended and has failed.
    pub limit: Duration,
    pub plan: fn(&Bed, &mut File) -> Result<Plan>,
}

/// Each includes a cold build on two cores; together they are far above what a good run takes.
const QUICK: Duration = Duration::from_secs(5 * 60);
const BUILDS: Duration = Duration::from_secs(20 * 60);

const SIMULATION: &[&str] =
    &["combat-components", "combat-systems", "combat-replays", "combat-protocol", "combat-client"];

#[rustfmt::skip]
pub const TIERS: &[Tier] = &[
    Tier { name: "format", purpose: "rustfmt changes nothing", counts_tests: false, limit: QUICK, plan: format },
    Tier { name: "clippy", purpose: "no warning in any target", counts_tests: false, limit: BUILDS, plan: clippy },
    Tier { name: "tidy", purpose: "the house rules, and the tests of xtask", counts_tests: true, limit: QUICK, plan: tidy },
    Tier { name: "ledger", purpose: "the golden logs' versions only ever grew", counts_tests: false, limit: QUICK, plan: ledger },
    Tier { name: "docs", purpose: "generated blocks equal the code", counts_tests: true, limit: BUILDS, plan: docs },
    Tier { name: "simulation-debug", purpose: "the pure crates, unoptimised", counts_tests: true, limit: BUILDS, plan: simulation_debug },
    Tier { name: "simulation-release", purpose: "the same hashes, optimised", counts_tests: true, limit: BUILDS, plan: simulation_release },
    Tier { name: "service", purpose: "real sockets and processes", counts_tests: true, limit: BUILDS, plan: service },
    Tier { name: "page", purpose: "the page: its parts in node, the whole in headless Chromium", counts_tests: true, limit: BUILDS, plan: page },
];

fn one(bed: &Bed, line: &str) -> Plan {
    Plan { steps: vec![Step::Run(Invocation::new(&bed.root, line))], not_run: Vec::new() }
}

fn format(bed: &Bed, _: &mut File) -> Result<Plan> {
    Ok(one(bed, "cargo fmt --all --check"))
}

fn clippy(bed: &Bed, _: &mut File) -> Result<Plan> {
    Ok(one(bed, "cargo clippy --workspace --all-targets -- -D warnings"))
}

fn tidy(bed: &Bed, _: &mut File) -> Result<Plan> {
    let mut plan = one(bed, "cargo xtask tidy");
    plan.steps.push(Step::Run(Invocation::new(&bed.root, "cargo test -p xtask")));
    Ok(plan)
}

fn ledger(bed: &Bed, _: &mut File) -> Result<Plan> {
    Ok(one(bed, "cargo xtask ledger"))
}

fn docs(bed: &Bed, _: &mut File) -> Result<Plan> {
    Ok(one(bed, "cargo xtask docs --check"))
}

fn simulation_debug(bed: &Bed, _: &mut File) -> Result<Plan> {
    let tests = Step::TestBinaries { root: bed.root.clone(), packages: SIMULATION };
    let examples_in_docs = Invocation::new(&bed.root, "cargo test --workspace --doc");
    Ok(Plan { steps: vec![tests, Step::Run(examples_in_docs)], not_run: Vec::new() })
}

fn simulation_release(bed: &Bed, _: &mut File) -> Result<Plan> {
    Ok(one(bed, "cargo test --release -p combat-components -p combat-systems -p combat-replays"))
}

fn service(bed: &Bed, log: &mut File) -> Result<Plan> {
    let mut tests = Invocation::new(&bed.root, "cargo test -p realtime-combat-service --no-fail-fast");
    let mut not_run = Vec::new();
    match tools::python(bed, log)? {
        Ok(python) => tests = tests.with("COMBAT_PYTHON", python),
        Err(why) => not_run.push(format!("examples/bot.py: {why}")),
    }
    Ok(Plan { steps: vec![Step::Run(tests)], not_run })
}

fn page(bed: &Bed, log: &mut File) -> Result<Plan> {
    const SCRIPT: &str = "tests/page/page.test.mjs";
    let mut plan = Plan::default();
    if !bed.root.join(SCRIPT).is_file() {
        plan.not_run.push(format!("{SCRIPT} is not there"));
        return Ok(plan);
    }
    let page_tools = match tools::page_tools(bed, log)? {
        Ok(page_tools) => page_tools,
        Err(why) => {
            plan.not_run.push(why);
            return Ok(plan);
        }
    };
    plan.steps.push(Step::Run(Invocation::new(&bed.root.join("tests/page"), "npm run --silent unit")));
    let chromium = match tools::chromium(bed, log)? {
        Ok(chromium) => chromium,
        Err(why) => {
            plan.not_run.push(why);
            return Ok(plan);
        }
    };
    let build = Invocation::new(&bed.root, "cargo build -p realtime-combat-service --bin combat");
    let script = Invocation::new(&bed.root, "node")
        .argument(SCRIPT)
        .with("COMBAT_BIN", bed.target.join("debug/combat"))
        .with("PAGE_TOOLS", page_tools.clone())
        .with("NODE_PATH", page_tools.join("node_modules"))
        .with("CHROMIUM", chromium);
    plan.steps.extend([Step::Run(build), Step::Run(script)]);
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tiers_are_unique_and_can_name_a_log() {
        for (at, tier) in TIERS.iter().enumerate() {
            assert!(tier.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", tier.name);
            assert!(TIERS[at + 1..].iter().all(|other| other.name != tier.name), "{}", tier.name);
        }
    }
}
