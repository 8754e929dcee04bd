//! `combat replay` on files: in an empty directory, with damage, with a perturbation, with another version.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const DUEL: &[u8] = include_bytes!("../../replays/corpus/rifle-duel.combatlog");

/// An empty directory with one exported file in it.
fn beside(bytes: &[u8]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("match.combatlog"), bytes).unwrap();
    directory
}

/// The duel's first so many records.
fn cut(records: usize) -> Vec<u8> {
    let mut log = combat_replays::file::read(DUEL).unwrap();
    let mut reader = combat_replays::reader::Reader::new(&log.records);
    (0..records).for_each(|_| drop(reader.next()));
    let length = reader.offset();
    log.records.truncate(length);
    combat_replays::file::write(&log)
}

fn combat(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_combat"));
    command.arg("replay").args(arguments).current_dir(directory).env_clear().output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The exit code, and what was printed as JSON.
fn json(directory: &Path, arguments: &[&str]) -> (i32, Value) {
    let output = combat(directory, arguments);
    let printed =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code().unwrap(), printed)
}

#[test]
fn an_exported_file_verifies_in_an_empty_directory() {
    let directory = beside(DUEL);
    let (code, report) = json(directory.path(), &["verify", "match.combatlog", "--json"]);
    assert_eq!((code, &report["result"]), (0, &Value::from("verified")), "{report}");
    assert!(report["ticks"].as_u64() > Some(300) && report["speed"].as_f64() > Some(0.0), "{report}");
    assert_eq!(report["firstDivergence"], Value::Null);
    assert!(report["sessionId"].as_str().is_some_and(|id| id.len() == 36));
    let output = combat(directory.path(), &["verify", "match.combatlog"]);
    assert!(text(&output.stdout).starts_with("verified: session "), "{output:?}");
    assert!(output.stderr.is_empty(), "no bar where there is no terminal: {output:?}");
}

#[test]
fn a_perturbed_tick_is_found_and_named() {
    let directory = beside(DUEL);
    for (tick, is_a_bodys) in [(3_u32, true), (131, false), (272, true)] {
        let perturb = tick.to_string();
        let arguments = ["verify", "match.combatlog", "--json", "--perturb", &perturb];
        let (code, report) = json(directory.path(), &arguments);
        let (found, changed) = (&report["firstDivergence"], &report["perturbed"]);
        assert_eq!((code, &report["result"]), (1, &Value::from("diverged")), "{report}");
        assert_eq!(found["tick"], tick, "{report}");
        assert_eq!(
            (&found["component"], &found["simId"]),
            (&changed["component"], &changed["simId"]),
            "{report}"
        );
        assert_eq!(found["simId"].is_u64(), is_a_bodys, "{report}");
        assert!(found["expected"] != found["found"], "{report}");
    }
    let output = combat(directory.path(), &["verify", "match.combatlog", "--perturb", "99999"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("expected a tick of the log, 1 to"), "{output:?}");
}

#[test]
fn a_tick_that_is_none_is_told_with_what_was_expected() {
    let directory = beside(DUEL);
    for (verb, flag) in [("verify", "--perturb"), ("inspect", "--tick")] {
        for tick in ["x", "0", "99999", "-1", "5000000000"] {
            let output = combat(directory.path(), &[verb, "match.combatlog", &format!("{flag}={tick}")]);
            assert_eq!(output.status.code(), Some(2), "{output:?}");
            let told = text(&output.stderr);
            assert!(
                told.contains(flag) && told.contains("expected a tick of the log, 1 to"),
                "{tick}: {told}"
            );
            assert!(told.contains(tick) && told.lines().count() == 1, "{tick}: {told}");
        }
    }
}

#[test]
fn every_outcome_has_the_same_keys() {
    let mut damaged = DUEL.to_vec();
    damaged[100] ^= 1;
    let other = "0".repeat(64);
    let mut refused = combat_replays::file::read(DUEL).unwrap();
    refused.header.simulation_version += 1;
    let cases: [(&[u8], &[&str], &str); 6] = [
        (DUEL, &[], "verified"),
        (DUEL, &["--perturb", "9"], "diverged"),
        (DUEL, &["--expect", &other], "other_digest"),
        (&damaged, &[], "damaged"),
        (&combat_replays::file::write(&refused), &[], "refused"),
        (&cut(200), &[], "incomplete"),
    ];
    let mut all_keys = std::collections::BTreeSet::new();
    for (bytes, flags, expected) in cases {
        let directory = beside(bytes);
        let arguments = [&["verify", "match.combatlog", "--json"], flags].concat();
        let (_, report) = json(directory.path(), &arguments);
        assert_eq!(report["result"], expected, "{report}");
        let keys: Vec<String> = report.as_object().unwrap().keys().cloned().collect();
        for key in ["epochs", "live", "perturbed", "digest", "matchEnded"] {
            assert!(keys.iter().any(|known| known == key), "{key}: {report}");
        }
        all_keys.insert(keys);
    }
    assert_eq!(all_keys.len(), 1, "{all_keys:?}");
}

#[test]
fn a_log_that_is_another_and_ends_early_is_told_to_be_both() {
    let directory = beside(&cut(200));
    let other = "0".repeat(64);
    let arguments = ["verify", "match.combatlog", "--expect", &other];
    let output = combat(directory.path(), &arguments);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        told.starts_with("other digest: ") && told.contains("\nincomplete: the match had not ended\n"),
        "{told}"
    );
    let (code, report) = json(directory.path(), &[&arguments[..], &["--json"]].concat());
    assert_eq!((code, &report["result"]), (1, &Value::from("other_digest")), "{report}");
    assert_eq!(report["matchEnded"], false, "{report}");
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("the match had not ended"), "{report}");
}

#[test]
fn who_left_and_what_everybody_achieved_is_told_in_words_and_codes() {
    let directory = beside(include_bytes!("../../replays/corpus/join-leave.combatlog"));
    let told = text(&combat(directory.path(), &["inspect", "match.combatlog"]).stdout);
    let (_, whole) = json(directory.path(), &["inspect", "match.combatlog", "--json"]);
    let events = whole["events"].as_array().unwrap().iter().filter(|event| event["type"] == "left");
    let causes: Vec<&str> = events.map(|event| event["cause"].as_str().unwrap()).collect();
    assert!(!causes.is_empty(), "{told}");
    for cause in causes {
        assert!(["left", "window_expired", "kicked"].contains(&cause), "{cause}");
        assert!(told.contains(&format!(" left ({cause})\n")), "{told}");
    }
    let directory = beside(DUEL);
    let told = text(&combat(directory.path(), &["inspect", "match.combatlog"]).stdout);
    let (_, whole) = json(directory.path(), &["inspect", "match.combatlog", "--json"]);
    let scores = whole["scores"].as_array().unwrap();
    let best = scores.iter().max_by_key(|score| score["kills"].as_u64()).unwrap();
    let (hits, dealt) = (best["hits"].as_u64().unwrap(), best["damageDealt"].as_f64().unwrap());
    assert!(best["kills"].as_u64() > Some(0) && best["simId"].is_u64() && best["hasLeft"] == false, "{best}");
    assert!((1.0..10_000.0).contains(&dealt), "points, not thousandths: {best}");
    assert!(
        told.contains(&format!(" {hits} hits, ")) && told.contains(&format!(" {dealt} points dealt, ")),
        "{told}"
    );
    assert!(!told.contains("Score {"), "{told}");
}

#[test]
fn a_flipped_byte_is_refused_by_the_name_of_its_part() {
    let records_from = DUEL.len() - 20_000;
    for (at, part) in [(3, "magic"), (20, "directory"), (100, "header"), (records_from, "records")] {
        let mut bytes = DUEL.to_vec();
        bytes[at] ^= 0x01;
        let directory = beside(&bytes);
        let (code, report) = json(directory.path(), &["verify", "match.combatlog", "--json"]);
        assert_eq!((code, &report["result"]), (1, &Value::from("damaged")), "byte {at}: {report}");
        assert_eq!(report["damage"]["part"], part, "byte {at}: {report}");
        let output = combat(directory.path(), &["export", "match.combatlog", "-o", "again.combatlog"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(!directory.path().join("again.combatlog").exists());
    }
}

#[test]
fn a_file_that_was_cut_off_is_told_with_its_end_and_the_last_tick_to_be_read() {
    let directory = beside(&DUEL[..DUEL.len() - 1_000]);
    let (code, report) = json(directory.path(), &["verify", "match.combatlog", "--json"]);
    assert_eq!((code, &report["damage"]["part"]), (1, &Value::from("records")), "{report}");
    assert_eq!(report["damage"]["offset"], DUEL.len() - 1_000, "{report}");
    let tick = report["damage"]["tick"].as_u64().expect("a tick");
    let output = combat(directory.path(), &["verify", "match.combatlog"]);
    let expected = format!(
        "damaged: the file ends at byte {} of {}, in the records, after tick {}\n",
        DUEL.len() - 1_000,
        DUEL.len(),
        tick - 1
    );
    assert_eq!(text(&output.stdout), expected);
    assert!(tick > 1, "{report}");
}

#[test]
fn what_is_no_log_is_told_on_one_line_and_ends_with_2() {
    let directory = beside(b"not a log");
    let unknown = "0199d2f0-5c00-7000-8000-000000000000";
    for arguments in [
        &["verify", "match.combatlog"][..],
        &["verify", "elsewhere.combatlog"],
        &["inspect", unknown],
        &["list"],
        &["export", unknown, "-o", "x.combatlog"],
    ] {
        let output = combat(directory.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert_eq!(text(&output.stderr).lines().count(), 1, "{arguments:?}: {output:?}");
    }
}

#[test]
fn inspect_tells_what_happened_and_how_a_tick_went() {
    let directory = beside(DUEL);
    let output = combat(directory.path(), &["inspect", "match.combatlog"]);
    let told = text(&output.stdout);
    for expected in
        [" joined as SimId 1", "the match is active", " killed ", "ended by score_limit", " shot "]
    {
        assert!(told.contains(expected), "{expected:?} is not told in {told}");
    }
    let (code, whole) = json(directory.path(), &["inspect", "match.combatlog", "--json"]);
    let events = whole["events"].as_array().unwrap();
    let died = events.iter().find(|event| event["type"] == "died").unwrap();
    assert_eq!(code, 0);
    let tick = died["tick"].to_string();
    let (code, moment) = json(directory.path(), &["inspect", "match.combatlog", "--tick", &tick, "--json"]);
    assert_eq!((code, &moment["asRecorded"]), (0, &Value::from(true)));
    assert!(moment["events"].as_array().unwrap().iter().any(|event| event["type"] == "died"), "{moment}");
    let commands = moment["commands"].as_array().expect("a list");
    let attack = commands.iter().find(|command| command["deed"] == "attack").expect("the shot that killed");
    assert_eq!((&attack["type"], &attack["index"]), (&Value::from("action"), &Value::Null), "{attack}");
    assert!(attack["slot"].is_u64() && attack["follows"].is_u64(), "{attack}");
    let of_attack = |verdict: &&Value| verdict["inputSeq"] == attack["inputSeq"];
    let verdict = moment["verdicts"].as_array().expect("a list").iter().find(of_attack).expect("its verdict");
    assert_eq!(
        (&verdict["outcome"], &verdict["hit"]["killed"]),
        (&"applied".into(), &true.into()),
        "{verdict}"
    );
    let output = combat(directory.path(), &["inspect", "match.combatlog", "--tick", &tick]);
    let told = text(&output.stdout);
    let (slot, seq) = (&attack["slot"], &attack["inputSeq"]);
    assert!(told.contains(&format!("  slot {slot}: action {seq}, attack, follows claim ")), "{told}");
    assert!(told.contains(&format!("  slot {slot}: input {seq} applied, hit SimId ")), "{told}");
    let before_state = told.split("state:").next().expect("a part before it");
    assert!(!before_state.contains('{'), "no type of ours is shown: {before_state}");
    assert!(told.lines().all(|line| line.chars().count() < 330), "{told}");
}

#[test]
fn an_export_replaces_no_file_unless_told_to() {
    let directory = beside(DUEL);
    let target = directory.path().join("mine.combatlog");
    std::fs::write(&target, "with names").unwrap();
    let output = combat(directory.path(), &["export", "match.combatlog", "-o", "mine.combatlog"]);
    let expected = "combat: mine.combatlog is there already: give another name, or --force to replace it\n";
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), expected));
    assert_eq!(std::fs::read(&target).unwrap(), b"with names");
    let output = combat(directory.path(), &["export", "match.combatlog", "-o", "mine.combatlog", "--force"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(std::fs::read(&target).unwrap(), DUEL);
    let output = combat(directory.path(), &["export", "match.combatlog", "-o", "/dev/full"]);
    assert!(text(&output.stderr).starts_with("combat: cannot write /dev/full: "), "{output:?}");
}

#[test]
fn an_export_tells_what_verify_will_say_of_it_wherever_the_log_comes_from() {
    for (bytes, unfinished) in [(cut(200), true), (DUEL.to_vec(), false)] {
        let directory = beside(&bytes);
        let output = combat(directory.path(), &["export", "match.combatlog", "-o", "again.combatlog"]);
        let told = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let expected = "\nthe match has not ended: verify will call this file incomplete, and end with 1\n";
        assert_eq!(told.contains(expected), unfinished, "{told}");
        assert_eq!(told.contains("; try: "), !unfinished, "{told}");
        let verified = combat(directory.path(), &["verify", "again.combatlog"]);
        assert_eq!(verified.status.code(), Some(i32::from(unfinished)), "{verified:?}");
    }
    let mut other_version = combat_replays::file::read(DUEL).unwrap();
    other_version.header.simulation_version += 1;
    let directory = beside(&combat_replays::file::write(&other_version));
    let output = combat(directory.path(), &["export", "match.combatlog", "-o", "again.combatlog"]);
    assert!(text(&output.stdout).contains("; try: "), "whether it has ended cannot be told here: {output:?}");
}

#[test]
fn an_export_with_names_says_when_there_are_none_and_adds_nothing() {
    let directory = beside(DUEL);
    let arguments = ["export", "match.combatlog", "--with-names", "-o", "again.combatlog"];
    let output = combat(directory.path(), &arguments);
    assert!(text(&output.stdout).contains(", no names: the source has none; try: "), "{output:?}");
    assert_eq!(std::fs::read(directory.path().join("again.combatlog")).unwrap(), DUEL);
}

#[test]
fn an_export_takes_no_dash_for_a_file_name() {
    let directory = beside(DUEL);
    let output = combat(directory.path(), &["export", "match.combatlog", "-o", "-"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = text(&output.stderr);
    assert!(
        told.starts_with("combat: --output: expected the name of a file") && told.lines().count() == 1,
        "{told}"
    );
    assert!(!directory.path().join("-").exists());
}

#[test]
fn an_export_that_cannot_be_written_leaves_what_was_there() {
    let old = [DUEL, b"with a part nobody has any more"].concat();
    for target in ["mine.combatlog", "link.combatlog", "match.combatlog", "new.combatlog"] {
        let directory = beside(DUEL);
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("mine.combatlog"), &old).unwrap();
        std::os::unix::fs::symlink("mine.combatlog", path("link.combatlog")).unwrap();
        let script = "ulimit -f 4 && trap '' XFSZ && exec \"$@\"";
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_combat"), "replay", "export"]);
        command.args(["match.combatlog", "-o", target, "--force"]);
        let output = command.current_dir(directory.path()).output().unwrap();
        let told = text(&output.stderr);
        assert!(told.starts_with(&format!("combat: cannot write {target}: ")), "{told}");
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(std::fs::read(path("match.combatlog")).unwrap() == DUEL, "{target}: the source is another");
        assert!(std::fs::read(path("mine.combatlog")).unwrap() == old, "{target}: the old file is another");
        let files = std::fs::read_dir(directory.path()).unwrap();
        assert_eq!(files.count(), 3, "nothing is left of the attempt: {target}");
    }
}

#[test]
fn what_replaces_a_file_is_as_private_and_where_the_link_pointed() {
    let directory = beside(DUEL);
    let (kept, link) = (directory.path().join("kept.combatlog"), directory.path().join("link.combatlog"));
    std::fs::write(&kept, "with names").unwrap();
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("kept.combatlog", &link).unwrap();
    let output = combat(directory.path(), &["export", "match.combatlog", "-o", "link.combatlog", "--force"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::read(&kept).unwrap(), DUEL);
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_is_exported_again_is_the_same_file() {
    let directory = beside(DUEL);
    let output = combat(directory.path(), &["export", "match.combatlog", "-o", "again.combatlog"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(std::fs::read(directory.path().join("again.combatlog")).unwrap(), DUEL);
}

#[test]
fn another_digest_than_expected_is_told_with_both() {
    let directory = beside(DUEL);
    let (_, report) = json(directory.path(), &["verify", "match.combatlog", "--json"]);
    let digest = report["digest"].as_str().unwrap();
    let told = combat(directory.path(), &["verify", "match.combatlog", "--expect", digest]);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    assert!(text(&told.stdout).contains(&format!("digest {digest}, as expected")), "{told:?}");
    let other = "0".repeat(64);
    let (code, report) = json(directory.path(), &["verify", "match.combatlog", "--expect", &other, "--json"]);
    assert_eq!((code, &report["result"]), (1, &Value::from("other_digest")), "{report}");
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains(digest) && reason.contains(&other), "{report}");
    for wrong in ["", "abc", &"g".repeat(64), &"0".repeat(63)] {
        let output = combat(directory.path(), &["verify", "match.combatlog", "--expect", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {output:?}");
        let told = text(&output.stderr);
        assert!(told.contains("--expect") && told.contains("64 hexadecimal digits"), "{told}");
    }
}

#[test]
fn an_audit_tells_per_forgery_what_caught_it() {
    let directory = beside(DUEL);
    let (code, audit) = json(directory.path(), &["audit", "match.combatlog", "--json"]);
    let forgeries = audit["forgeries"].as_array().unwrap();
    assert_eq!((code, &audit["caughtBy"]["unseen"]), (0, &Value::from(0)), "{}", audit["caughtBy"]);
    assert_eq!(audit["count"], forgeries.len(), "{}", audit["caughtBy"]);
    for word in ["simulation", "blobs", "digest", "free_text"] {
        let count = forgeries.iter().filter(|forgery| forgery["caughtBy"] == word).count();
        assert!(count > 0 && audit["caughtBy"][word] == count, "{word}: {}", audit["caughtBy"]);
    }
    let output = combat(directory.path(), &["audit", "match.combatlog"]);
    let told = text(&output.stdout);
    assert_eq!(told.lines().count(), forgeries.len() + 1, "one line each, and how many there were");
    assert!(told.lines().last().is_some_and(|line| line.contains("UNSEEN 0")), "{output:?}");
    let digest = format!("digest {} (only with --expect or the stored digest)", audit["caughtBy"]["digest"]);
    assert!(told.lines().last().is_some_and(|line| line.contains(&digest)), "{output:?}");
}

#[test]
fn a_file_cut_where_its_match_had_not_ended_is_incomplete() {
    let directory = beside(&cut(200));
    let (code, report) = json(directory.path(), &["verify", "match.combatlog", "--json"]);
    assert_eq!((code, &report["result"]), (1, &Value::from("incomplete")), "{report}");
    let output = combat(directory.path(), &["verify", "match.combatlog"]);
    assert!(text(&output.stdout).contains("incomplete: the match had not ended"), "{output:?}");
}
