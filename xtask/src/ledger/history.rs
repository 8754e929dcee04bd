//! The ledger's past: at every commit, and in the working tree, what its parents held is a prefix of what it holds.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::Report;

/// Hex digits of a commit, as errors show it.
const SHOWN_DIGITS: usize = 12;
/// Of a line, as errors show it.
const SHOWN_CHARS: usize = 120;
/// Of these, before the first that differs.
const SHOWN_CHARS_BEFORE: usize = 60;

/// Compares the ledger at `path`, which begins with the line `format`, in every commit that can be reached with that of each of its parents.
///
/// What holds no chain is from before there was one, and binds nothing; once a parent holds it, a child must.
pub fn check(root: &Path, path: &str, format: &str) -> Result<Report> {
    let mut report = Report::default();
    let git = Git { root };
    if let Some(why) = git.absence()? {
        report.notes.push(format!("{why}: the past cannot be compared, only the chain's own digests"));
        return Ok(report);
    }
    let file = Blobs { git: &git, path: git.run(&["rev-parse", "--show-prefix"])?.trim().to_owned() + path };
    let is_shallow = git.run(&["rev-parse", "--is-shallow-repository"])?.trim() == "true";
    let commits = git.commits()?;
    let held = file.held(&commits)?;
    let mut texts = BTreeMap::new();
    for blob in held.values() {
        if !texts.contains_key(blob) {
            texts.insert(blob.clone(), git.run(&["cat-file", "blob", blob])?);
        }
    }
    let text_of = |commit: &str| held.get(commit).map_or("", |blob| texts[blob].as_str());
    for (commit, parents) in &commits {
        for parent in parents.iter().filter(|parent| held.get(*parent) != held.get(commit)) {
            let (now, before) =
                (format!("commit {}", shown(commit)), format!("its parent {}", shown(parent)));
            report.findings.extend(broken(
                (path, format),
                (&before, text_of(parent)),
                (&now, text_of(commit)),
            ));
        }
    }
    let in_tree = std::fs::read_to_string(root.join(path)).unwrap_or_default();
    let in_head = commits.first().map_or("", |(head, _)| text_of(head));
    report.findings.extend(broken((path, format), ("HEAD", in_head), ("the working tree", &in_tree)));
    let with_chain = commits.iter().filter(|(commit, _)| is_chain(text_of(commit), format)).count();
    report
        .notes
        .push(format!("{with_chain} of {} commits hold it, each compared with its parents", commits.len()));
    if is_shallow {
        let note =
            "a shallow clone: what came before these commits is checked by the chain's own digests only";
        report.notes.push(note.to_owned());
    }
    Ok(report)
}

/// Whether a text is a ledger with a chain at all, which its first line says.
fn is_chain(text: &str, format: &str) -> bool {
    text.lines().next() == Some(format)
}

/// How `now` does not begin with all that `before` says.
fn broken((path, format): (&str, &str), before: (&str, &str), now: (&str, &str)) -> Option<String> {
    if !is_chain(before.1, format) || now.1.starts_with(before.1) {
        return None;
    }
    let mut found = now.1.lines();
    for (at, expected) in before.1.lines().enumerate() {
        let found = found.next();
        if found != Some(expected) {
            let common = expected.chars().zip(found.unwrap_or_default().chars()).take_while(|(a, b)| a == b);
            let from = common.count().saturating_sub(SHOWN_CHARS_BEFORE);
            let found = found.map_or("missing".to_owned(), |line| format!("{:?}", cut(line, from)));
            return Some(format!(
                "{path}:{}: in {} it is {found}, expected {:?} as in {}: lines are only ever appended",
                at + 1,
                now.0,
                cut(expected, from),
                before.0
            ));
        }
    }
    let line = before.1.lines().count();
    Some(format!("{path}:{line}: in {} its end of line is missing, expected it as in {}", now.0, before.0))
}

/// As much of a line as shows where two differ.
fn cut(line: &str, from: usize) -> String {
    line.chars().skip(from).take(SHOWN_CHARS).collect()
}

fn shown(commit: &str) -> &str {
    commit.get(..SHOWN_DIGITS).unwrap_or(commit)
}

/// A commit, and its parents as far as they are here.
type Commit = (String, Vec<String>);

struct Blobs<'a> {
    git: &'a Git<'a>,
    /// From the top of the repository.
    path: String,
}

impl Blobs<'_> {
    /// The blob at the path, for every commit that has one.
    fn held(&self, commits: &[Commit]) -> Result<BTreeMap<String, String>> {
        let asked: String = commits.iter().map(|(commit, _)| format!("{commit}:{}\n", self.path)).collect();
        let answers = self.git.answer(&["cat-file", "--batch-check=%(objectname) %(objecttype)"], asked)?;
        let blobs = answers.lines().zip(commits).filter_map(|(answer, (commit, _))| {
            let blob = answer.strip_suffix(" blob")?;
            Some((commit.clone(), blob.to_owned()))
        });
        Ok(blobs.collect())
    }
}

struct Git<'a> {
    root: &'a Path,
}

impl Git<'_> {
    /// Why there is no past to look at; an error when there is one that cannot be read.
    fn absence(&self) -> Result<Option<String>> {
        let has_git = self.root.canonicalize()?.ancestors().any(|above| above.join(".git").exists());
        if !has_git {
            return Ok(Some("not a git repository".to_owned()));
        }
        self.run(&["rev-parse", "--git-dir"]).context("the ledger's past cannot be read")?;
        Ok(None)
    }

    /// Newest first; none before the first commit.
    fn commits(&self) -> Result<Vec<Commit>> {
        if self.run(&["rev-parse", "--verify", "--quiet", "HEAD"]).is_err() {
            return Ok(Vec::new());
        }
        let lines = self.run(&["rev-list", "--topo-order", "--parents", "HEAD"])?;
        let commits = lines.lines().filter_map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            Some((words.next()?, words.collect()))
        });
        Ok(commits.collect())
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        self.answer(arguments, String::new())
    }

    /// What git prints when it is told `asked`.
    fn answer(&self, arguments: &[&str], asked: String) -> Result<String> {
        let mut command = Command::new("git");
        command.arg("--no-replace-objects").arg("-C").arg(self.root).args(arguments);
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("git could not be started")?;
        let mut stdin = child.stdin.take().context("standard input was piped")?;
        // Beside the reading: both pipes may fill up.
        let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
        let output = child.wait_with_output().context("git's end cannot be awaited")?;
        // Who stops listening has said why in its status.
        let _ = writer.join();
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            bail!("git {}: {}", arguments.join(" "), why.lines().next().unwrap_or("refused"));
        }
        String::from_utf8(output.stdout).context("git answered with what is not text")
    }
}
