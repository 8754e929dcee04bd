//! The ledger on samples: chains that hold and do not, and repositories whose history kept the law or broke it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::chain::{Entry, HEADER, Ledger, Recorded};
use super::{CORPUS, DRAFTS_FORMAT, DRAFTS_PATH, PATH, Report, VERSION_PATH, VERSION_START};

fn entry(file: &str, version: u32, roots: char) -> Entry {
    let recorded = Recorded { roots: roots.to_string().repeat(64), bytes: "0".repeat(64) };
    let (file, reason) = (format!("{file}.combatlog"), format!("because of {roots}"));
    Entry { file, version, recorded: Some(recorded), reason }
}

fn left(file: &str, version: u32) -> Entry {
    Entry { recorded: None, ..entry(file, version, 'a') }
}

fn text_of(entries: &[Entry]) -> String {
    let mut ledger = Ledger::begun();
    let lines = entries.iter().map(|entry| ledger.append(entry.clone()).expect("entries that follow"));
    HEADER.to_owned() + &lines.collect::<String>()
}

fn four() -> String {
    text_of(&[entry("dash", 1, 'a'), entry("duel", 1, 'b'), entry("dash", 2, 'c'), entry("duel", 2, 'b')])
}

fn fault(text: &str) -> (usize, String) {
    let fault = Ledger::read(text).expect_err("a ledger that does not hold");
    (fault.line - HEADER.lines().count(), fault.text)
}

#[test]
fn what_was_appended_is_read_again_and_the_newest_line_is_in_force() {
    let ledger = Ledger::read(&four()).expect("a chain");
    assert_eq!(ledger.newest_version(), Some(2));
    assert_eq!(ledger.in_force()["dash.combatlog"], &entry("dash", 2, 'c'));
    assert_eq!(ledger.entries.len(), 4);
}

#[test]
fn no_line_is_edited_dropped_moved_or_put_in_between_unseen() {
    let text = four();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let head = HEADER.lines().count();
    for at in 0..4 {
        for (from, to) in
            [("because", "becausE"), (".combatlog 1 ", ".combatlog 2 "), ("aaaa", "aaab"), (" 0", " 1")]
        {
            let edited = lines[head + at].replacen(from, to, 1);
            if edited != lines[head + at] {
                let mut changed = lines.clone();
                changed[head + at] = &edited;
                assert!(fault(&changed.concat()).0 <= at + 1, "line {at}: {from} as {to}");
            }
        }
        let mut dropped = lines.clone();
        dropped.remove(head + at);
        assert!(at == 3 || fault(&dropped.concat()).0 == at + 1, "line {at} dropped");
        let mut doubled = lines.clone();
        doubled.insert(head + at, lines[head + at]);
        assert_eq!(fault(&doubled.concat()).0, at + 2, "line {at} doubled");
        if at < 3 {
            let mut swapped = lines.clone();
            swapped.swap(head + at, head + at + 1);
            assert_eq!(fault(&swapped.concat()).0, at + 1, "lines {at} and the next swapped");
        }
    }
    assert_eq!(
        fault(&text.replacen("nothing else does", "others do", 1)).0,
        1,
        "the head is part of the chain"
    );
    assert!(Ledger::read(text.trim_end()).is_err(), "a line without its end");
    assert!(Ledger::read(&text.replace('\n', "\r\n")).is_err(), "other ends of lines");
    assert!(
        Ledger::read("dash.combatlog 1 0123456789abcdef first recording\n").is_err(),
        "the format before"
    );
}

#[test]
fn new_roots_under_a_known_name_take_a_new_version_and_versions_never_fall() {
    let mut ledger = Ledger::read(&four()).expect("a chain");
    assert!(ledger.append(entry("dash", 2, 'd')).unwrap_err().contains("expected a higher one"));
    assert!(ledger.append(entry("dash", 1, 'a')).unwrap_err().contains("expected none lower"));
    assert!(ledger.append(entry("dash", 2, 'c')).unwrap_err().contains("as it was"));
    let other_file = Recorded { bytes: "1".repeat(64), ..entry("dash", 2, 'c').recorded.unwrap() };
    ledger
        .append(Entry { recorded: Some(other_file), ..entry("dash", 2, 'c') })
        .expect("only the file changed");
    ledger.append(entry("dash", 3, 'd')).expect("a new version");
}

#[test]
fn a_log_that_left_is_not_in_force_and_comes_back_under_the_same_law() {
    let mut ledger = Ledger::read(&four()).expect("a chain");
    assert!(ledger.append(left("links", 2)).unwrap_err().contains("expected one that is in it"));
    ledger.append(left("dash", 2)).expect("it was in the corpus");
    assert!(!ledger.in_force().contains_key("dash.combatlog"));
    assert!(ledger.append(left("dash", 2)).is_err(), "it has left already");
    assert!(ledger.append(entry("dash", 2, 'd')).unwrap_err().contains("expected a higher one"));
    ledger.append(entry("dash", 2, 'c')).expect("as it was when it left");
}

/// A repository in the temporary directory, removed at the end.
struct Repository(PathBuf);

impl Drop for Repository {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

static REPOSITORIES: AtomicU32 = AtomicU32::new(0);

fn new_directory() -> PathBuf {
    let number = REPOSITORIES.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("xtask-ledger-{}-{number}", std::process::id()));
    fs::create_dir_all(path.join(CORPUS)).expect("room for a repository");
    path
}

impl Repository {
    fn new() -> Self {
        let repository = Self(new_directory());
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn git(&self, arguments: &[&str]) -> String {
        let settings =
            ["-c", "user.name=A", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false"];
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.0).args(settings).args(arguments);
        command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
        let output = command.output().expect("git");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn write(&self, text: &str) {
        fs::write(self.0.join(PATH), text).expect("a ledger");
    }

    /// Commits `text` as the ledger; gives the commit.
    fn commit(&self, text: &str) -> String {
        self.write(text);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "a change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn past(&self) -> Report {
        super::past(&self.0).expect("a past")
    }

    fn findings(&self) -> Vec<String> {
        self.past().findings
    }
}

/// The first `count` entries of one history.
fn grown(count: usize) -> String {
    let entries =
        [entry("dash", 1, 'a'), entry("duel", 1, 'b'), entry("dash", 2, 'c'), entry("duel", 2, 'd')];
    text_of(&entries[..count])
}

#[test]
fn a_ledger_that_only_grew_has_a_clean_past_and_what_was_before_the_chain_is_not_asked() {
    let repository = Repository::new();
    for text in ["dash.combatlog 1 00 first\n", "dash.combatlog 1 11 edited in place\n", &grown(1), &grown(3)]
    {
        repository.commit(text);
    }
    repository.write(&grown(4));
    let report = repository.past();
    assert_eq!(report.findings, [""; 0]);
    assert!(report.notes[0].starts_with("2 of 4 commits hold it"), "{:?}", report.notes);
}

#[test]
fn a_commit_that_edits_a_line_is_named_with_the_line_even_when_it_was_mended_after() {
    let repository = Repository::new();
    let good = repository.commit(&grown(2));
    let edited = text_of(&[entry("dash", 1, 'e'), entry("duel", 1, 'b')]);
    let bad = repository.commit(&edited);
    let line = HEADER.lines().count() + 1;
    let [found] = &repository.findings()[..] else { panic!("one finding: {:?}", repository.findings()) };
    assert!(found.starts_with(&format!("{PATH}:{line}: in commit {}", &bad[..12])), "{found}");
    assert!(found.contains(&good[..12]) && found.contains("expected \"dash.combatlog 1 aaaa"), "{found}");
    repository.commit(&grown(2));
    assert_eq!(repository.findings().len(), 2, "the mending commit edits too");
}

#[test]
fn a_line_of_the_ledger_of_drafts_that_a_commit_edits_is_found_too() {
    let repository = Repository::new();
    let path = repository.0.join(DRAFTS_PATH);
    fs::create_dir_all(path.parent().expect("a folder")).expect("room");
    fs::create_dir_all(repository.0.join("systems/src")).expect("room");
    fs::write(repository.0.join(VERSION_PATH), format!("{VERSION_START}1;\n")).expect("a version");
    let drafts = |line: &str| fs::write(&path, format!("{DRAFTS_FORMAT}\n{line}\n")).expect("a ledger");
    drafts("1 00 00 first");
    repository.commit(&grown(2));
    drafts("1 11 00 first");
    let findings = super::check(&repository.0).expect("it can be checked").findings;
    let is_named = |finding: &String| finding.starts_with(&format!("{DRAFTS_PATH}:2: in the working tree"));
    assert!(findings.iter().any(is_named), "{findings:?}");
}

#[test]
fn a_dropped_line_a_removed_file_and_a_return_to_the_old_format_are_found() {
    for text in [grown(1), String::new(), "dash.combatlog 1 00 first\n".to_owned(), HEADER.to_owned()] {
        let repository = Repository::new();
        repository.commit(&grown(2));
        repository.commit(&text);
        repository.commit(&grown(2));
        assert_eq!(repository.findings().len(), 1, "{text}");
    }
    let repository = Repository::new();
    repository.commit(&grown(2));
    fs::remove_file(repository.0.join(PATH)).expect("it was there");
    assert!(
        repository.findings()[0].contains("in the working tree it is missing"),
        "{:?}",
        repository.findings()
    );
    repository.git(&["commit", "--quiet", "--all", "-m", "without it"]);
    assert_eq!(repository.findings().len(), 1);
}

#[test]
fn a_change_of_the_working_tree_that_is_not_an_addition_is_found() {
    let repository = Repository::new();
    repository.commit(&grown(2));
    repository.write(&grown(3));
    assert_eq!(repository.findings(), [""; 0]);
    repository.write(&grown(1));
    let found = repository.findings();
    assert!(
        found.len() == 1 && found[0].contains("working tree") && found[0].contains("as in HEAD"),
        "{found:?}"
    );
}

#[test]
fn a_merge_that_keeps_what_both_sides_added_to_one_of_them_passes() {
    let repository = Repository::new();
    repository.commit(&grown(1));
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.commit(&grown(2));
    repository.git(&["checkout", "--quiet", "main"]);
    fs::write(repository.0.join("other"), "work").expect("a file");
    repository.commit(&grown(1));
    repository.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "side"]);
    assert_eq!(fs::read_to_string(repository.0.join(PATH)).unwrap(), grown(2));
    assert_eq!(repository.findings(), [""; 0]);
}

#[test]
fn a_merge_that_drops_what_one_side_added_is_found() {
    let repository = Repository::new();
    repository.commit(&grown(1));
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    let dropped = repository.commit(&grown(2));
    repository.git(&["checkout", "--quiet", "main"]);
    fs::write(repository.0.join("other"), "work").expect("a file");
    repository.commit(&grown(1));
    repository.git(&["merge", "--quiet", "--strategy=ours", "-m", "merge", "side"]);
    let found = repository.findings();
    assert!(found.len() == 1 && found[0].contains(&dropped[..12]), "{found:?}");
}

#[test]
fn two_sides_that_both_appended_cannot_be_merged_without_losing_one() {
    let repository = Repository::new();
    repository.commit(&grown(1));
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.commit(&text_of(&[entry("dash", 1, 'a'), entry("links", 1, 'e')]));
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit(&grown(2));
    repository.git(&["merge", "--quiet", "--strategy=ours", "-m", "merge", "side"]);
    assert_eq!(repository.findings().len(), 1);
}

#[test]
fn a_shallow_clone_and_a_tarball_say_that_the_past_is_not_there() {
    let repository = Repository::new();
    repository.commit(&grown(2));
    repository.commit(&grown(1));
    repository.commit(&grown(3));
    assert_eq!(repository.findings().len(), 1);
    let clone = Repository(new_directory());
    fs::remove_dir_all(&clone.0).expect("it is empty");
    let from = format!("file://{}", repository.0.display());
    repository.git(&["clone", "--quiet", "--depth=1", &from, &clone.0.display().to_string()]);
    let report = clone.past();
    assert_eq!(report.findings, [""; 0]);
    assert!(report.notes.iter().any(|note| note.contains("shallow clone")), "{:?}", report.notes);
    clone.write(&grown(2));
    assert_eq!(clone.findings().len(), 1, "the working tree is compared all the same");

    let tarball = Repository(new_directory());
    tarball.write(&grown(2));
    let report = tarball.past();
    assert!(report.notes[0].contains("not a git repository"), "{:?}", report.notes);
    assert_eq!(report.findings, [""; 0]);
}

#[test]
fn the_ledger_agrees_with_the_logs_beside_it_and_with_the_version_in_the_sources() {
    let tree = Repository(new_directory());
    fs::create_dir_all(tree.0.join("systems/src")).expect("room");
    fs::write(tree.0.join(VERSION_PATH), format!("//! Systems.\n{VERSION_START}1;\n")).expect("a version");
    let log = b"a log";
    let recorded = Recorded { bytes: super::chain::sha256(log), ..entry("dash", 1, 'a').recorded.unwrap() };
    tree.write(&text_of(&[Entry { recorded: Some(recorded), ..entry("dash", 1, 'a') }]));
    fs::write(tree.0.join(CORPUS).join("dash.combatlog"), log).expect("a log");
    let findings = || super::check(&tree.0).expect("it can be checked").findings;
    assert_eq!(findings(), [""; 0]);
    fs::write(tree.0.join(CORPUS).join("duel.combatlog"), log).expect("a log");
    assert!(findings()[0].contains("duel.combatlog:1: has no line"), "{:?}", findings());
    fs::remove_file(tree.0.join(CORPUS).join("duel.combatlog")).expect("it was there");
    fs::write(tree.0.join(CORPUS).join("dash.combatlog"), "another").expect("a log");
    assert!(findings()[0].contains("its SHA-256 is"), "{:?}", findings());
    fs::write(tree.0.join(CORPUS).join("dash.combatlog"), log).expect("a log");
    super::set_version_in_code(&tree.0, 2).expect("a version");
    assert_eq!(super::version_in_code(&tree.0).expect("a version"), 2);
    assert!(
        findings()[0].contains("the newest version is 1, expected SIMULATION_VERSION"),
        "{:?}",
        findings()
    );
}
