//! Tidy, test bed, generated docs and blessing of golden files.

mod arguments;
mod bench_check;
mod bless;
mod docs;
mod draft;
mod ledger;
mod paths;
mod source;
mod test_bed;
mod tidy;
mod tree;

use std::path::PathBuf;
use std::process::ExitCode;

use arguments::Verb;

fn main() -> ExitCode {
    let verb = match arguments::parse(std::env::args().skip(1)) {
        Ok(verb) => verb,
        Err(error) => {
            eprintln!("xtask: {error:#}; see cargo xtask help");
            return ExitCode::from(2);
        }
    };
    let root = workspace_root();
    let held = match verb {
        Verb::Help => {
            println!("{}", arguments::USAGE);
            Ok(true)
        }
        Verb::Tidy => tidy::run(&root),
        Verb::BenchCheck { bless } => bench_check::run(&root, bless),
        Verb::Ledger => ledger::run(&root),
        Verb::Test { tiers } => test_bed::run(&root, &tiers),
        Verb::ListTiers => {
            test_bed::list();
            Ok(true)
        }
        Verb::Docs { check } => docs::run(&root, check),
        Verb::Draft { reason } => draft::run(&root, &reason),
        Verb::Bless { reason } => bless::run(&root, &reason),
    };
    match held {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The directory that holds the workspace's `Cargo.toml`.
fn workspace_root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies inside the workspace").to_path_buf()
}
