//! Test binaries of some packages, built with the features of the whole workspace.
//!
//! `cargo test -p` unifies features over the chosen packages only, which would build rapier and bevy a second time.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::step::{Invocation, Outcome, Output};

/// How cargo's messages for machines begin.
pub const MESSAGE_START: &str = "{\"reason\":";
/// Cargo prints errors of the compiler itself, so that the log stays readable.
const BUILD: &str = "cargo test --workspace --no-run --message-format=json-render-diagnostics";

/// Builds, then runs every test binary of `packages`; all run even when one fails.
pub fn run(root: &Path, packages: &[&str], output: &mut Output<'_>) -> Result<Outcome> {
    let mut binaries = Vec::new();
    let built = output.follow(&Invocation::new(root, BUILD), |line| binaries.extend(binary_of(line)))?;
    if let Outcome::Failed(_) = built {
        return Ok(built);
    }
    binaries.retain(|binary| packages.contains(&binary.package.as_str()));
    binaries.sort();
    let mut failed = Vec::new();
    for package in packages {
        if !binaries.iter().any(|binary| binary.package == *package) {
            failed.push(format!("{package}: no test binary was built"));
        }
    }
    for binary in &binaries {
        let invocation = Invocation {
            program: binary.executable.clone().into(),
            arguments: Vec::new(),
            directory: binary.directory.clone(),
            environment: vec![("CARGO_MANIFEST_DIR", OsString::from(&binary.directory))],
        };
        if let Outcome::Failed(why) = output.follow(&invocation, |_| {})? {
            failed.push(why);
        }
    }
    Ok(if failed.is_empty() { Outcome::Passed } else { Outcome::Failed(failed.join("; ")) })
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TestBinary {
    package: String,
    executable: PathBuf,
    /// Of the package: tests run there.
    directory: PathBuf,
}

/// The test binary that a message tells of, if it is one.
fn binary_of(message: &str) -> Option<TestBinary> {
    if !message.starts_with(MESSAGE_START) || !message.contains("\"test\":true}") {
        return None;
    }
    let executable = PathBuf::from(text_field(message, "executable")?);
    let directory = PathBuf::from(text_field(message, "manifest_path")?).parent()?.to_path_buf();
    let package = package_name(text_field(message, "package_id")?);
    Some(TestBinary { package, executable, directory })
}

/// The text after `"name":"`; none of the fields read here holds an escape.
fn text_field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("\"{name}\":\"");
    let rest = &message[message.find(&start)? + start.len()..];
    rest.split('"').next()
}

/// `path+file:///x/systems#combat-systems@0.1.0`, or `…/xtask#0.1.0` where the directory has the package's name.
fn package_name(id: &str) -> String {
    let (place, name) = id.rsplit_once('#').unwrap_or(("", id));
    let name = match name.split_once('@') {
        Some((name, _)) => name,
        None => place.rsplit('/').next().unwrap_or(name),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///x/systems#combat-systems@0.1.0","manifest_path":"/x/systems/Cargo.toml","target":{"kind":["lib"],"name":"combat_systems"},"profile":{"opt_level":"0","test":true},"features":[],"filenames":["/t/combat_systems-1"],"executable":"/t/combat_systems-1","fresh":true}"#;

    #[test]
    fn a_test_binary_is_read_from_its_message() {
        let binary = binary_of(MESSAGE).expect("a test binary");
        assert_eq!(binary.package, "combat-systems");
        assert_eq!(binary.executable, PathBuf::from("/t/combat_systems-1"));
        assert_eq!(binary.directory, PathBuf::from("/x/systems"));
    }

    #[test]
    fn other_messages_are_passed_over() {
        assert_eq!(binary_of(&MESSAGE.replace("\"test\":true", "\"test\":false")), None);
        assert_eq!(
            binary_of(&MESSAGE.replace("\"executable\":\"/t/combat_systems-1\"", "\"executable\":null")),
            None
        );
        assert_eq!(binary_of("test result: ok. 1 passed"), None);
    }

    #[test]
    fn a_package_id_without_a_name_is_named_by_its_directory() {
        assert_eq!(package_name("path+file:///x/xtask#0.1.0"), "xtask");
    }
}
