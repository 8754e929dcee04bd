//! Tells the compiler which commit and which compiler this build is of: `COMBAT_COMMIT` and `COMBAT_RUSTC`.
//!
//! Without git (a tarball, an image) the commit is what the environment's `COMBAT_COMMIT` says, else `unknown`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What the binary is made of: a change here makes a build `-dirty`, one of docs or tests does not.
const SOURCES: [&str; 8] =
    ["Cargo.lock", "Cargo.toml", "assets", "build.rs", "migrations", "rust-toolchain.toml", "src", "web"];
const CRATES: [&str; 5] = ["clients/rust", "components", "protocol", "replays", "systems"];

/// Of the commit's digits, as many as name it in any repository one will meet.
const COMMIT_DIGITS: usize = 12;

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-env-changed=COMBAT_COMMIT");
    let of_crates = CRATES.iter().flat_map(|path| [format!("{path}/src"), format!("{path}/Cargo.toml")]);
    let sources: Vec<String> = SOURCES.into_iter().map(str::to_owned).chain(of_crates).collect();
    sources.iter().for_each(|path| println!("cargo::rerun-if-changed={path}"));
    let commit = match commit_of(&root, &sources) {
        Some(commit) => commit,
        None => named_commit(std::env::var("COMBAT_COMMIT").unwrap_or_default()),
    };
    println!("cargo::rustc-env=COMBAT_COMMIT={commit}");
    println!("cargo::rustc-env=COMBAT_RUSTC={}", compiler());
}

/// `None` when `root` is not the top of a checkout that git can read.
fn commit_of(root: &Path, sources: &[String]) -> Option<String> {
    let top = PathBuf::from(git(root, &["rev-parse", "--show-toplevel"])?);
    if top.canonicalize().ok()? != root.canonicalize().ok()? {
        return None;
    }
    watch(root);
    let commit = git(root, &["rev-parse", "--verify", "HEAD"])?;
    let digits = commit.get(..COMMIT_DIGITS)?;
    let mut status = vec!["status", "--porcelain", "--untracked-files=all", "--"];
    status.extend(sources.iter().map(String::as_str));
    let changed = git(root, &status)?;
    Some(if changed.is_empty() { digits.to_owned() } else { format!("{digits}-dirty") })
}

/// A commit moves `HEAD` or the branch it names. A branch that has no file yet gets one in its directory.
fn watch(root: &Path) {
    let path_of = |name: &str| Some(root.join(git(root, &["rev-parse", "--git-path", name])?));
    let files = ["HEAD", "packed-refs"].into_iter().filter_map(path_of).filter(|path| path.is_file());
    let branch = git(root, &["symbolic-ref", "--quiet", "HEAD"]).and_then(|name| path_of(&name));
    let branch = branch.and_then(|path| path.ancestors().find(|path| path.exists()).map(Path::to_path_buf));
    files.chain(branch).for_each(|path| println!("cargo::rerun-if-changed={}", path.display()));
}

fn named_commit(name: String) -> String {
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    match name.as_str() {
        "" => "unknown".to_owned(),
        name if is_name(name) => name.to_owned(),
        name => panic!("COMBAT_COMMIT: expected the name of a commit, got {name:?}"),
    }
}

/// `rustc 1.95.0 (59807616e 2026-04-14)`
fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").expect("cargo sets it");
    let output = Command::new(rustc).arg("--version").output();
    let version = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    match version.trim() {
        "" => "rustc unknown".to_owned(),
        version => version.to_owned(),
    }
}

/// What git answers about `root`, without its line end; `None` when it refuses or is not there.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(arguments).env_remove("GIT_DIR").env_remove("GIT_WORK_TREE");
    command.env_remove("GIT_INDEX_FILE").env("GIT_OPTIONAL_LOCKS", "0");
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
}
