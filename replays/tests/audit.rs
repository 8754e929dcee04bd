//! Every field of every kind of record and of the header is forged; something notices, or it is free text.

mod script;

use std::collections::{BTreeMap, BTreeSet};

use combat_replays::audit::{Caught, Finding, Places, audit};
use combat_replays::digest::LogDigest;
use combat_replays::header::FREE_TEXT;
use combat_replays::log::Log;
use combat_replays::record::RecordKind;
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use combat_systems::kinds::Kinds;

use script::scenarios::SCENARIOS;
use script::scene::Scene;
use script::{Stage, fight};

fn findings(log: &Log, places: Places) -> Vec<Finding> {
    let mut found = Vec::new();
    audit(log, &Kinds::SHIPPED, places, &mut |finding, _| found.push(finding)).expect("the log holds");
    found
}

fn scripted(name: &str) -> Log {
    let (_, record) = SCENARIOS.iter().find(|(scenario, _)| *scenario == name).expect("a scenario");
    record().ended().log()
}

fn unseen(found: &[Finding]) -> Vec<&Finding> {
    found.iter().filter(|finding| finding.caught == Caught::Unseen).collect()
}

/// Free text is what the code lists, no more and no less.
fn assert_free_text_is_closed(found: &[Finding]) {
    let free: BTreeSet<&str> = found
        .iter()
        .filter(|finding| finding.caught == Caught::FreeText)
        .map(|finding| {
            assert_eq!(finding.part, "header", "{finding:?}");
            finding.field.as_str()
        })
        .collect();
    assert_eq!(free, BTreeSet::from(FREE_TEXT));
}

#[test]
fn nothing_in_the_logs_of_scripted_sessions_goes_unseen() {
    let mut parts: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for name in ["resume", "links", "dash", "join-leave"] {
        let found = findings(&scripted(name), Places::Representative);
        assert!(unseen(&found).is_empty(), "{name}: {:#?}", unseen(&found));
        assert_free_text_is_closed(&found);
        for finding in found {
            let field = finding.field.split('.').skip_while(|part| part.starts_with("commands["));
            parts.entry(finding.part).or_default().insert(field.collect::<Vec<_>>().join("."));
        }
    }
    let forged: BTreeSet<&str> = parts.keys().copied().collect();
    for kind in RecordKind::ALL.into_iter().filter(|kind| !matches!(kind, RecordKind::FailedTick)) {
        assert!(
            forged.contains(kind.name()) || kind == RecordKind::QuietTick,
            "{kind:?} is not forged: {forged:?}"
        );
    }
    for (part, field) in [
        ("header", "setup.session"),
        ("header", "setup.limits.keyframe_ticks"),
        ("tick", "sub_hash.Vitals"),
        ("tick", "slot"),
        ("tick", "pseudonym"),
        ("tick", "cause.kind"),
        ("tick", "request.number"),
        ("tick", "request.key.fingerprint"),
        ("tick", "reason.kind"),
        ("tick", "rtt_ms"),
        ("tick", "ticks"),
        ("tick", "claim.pose.at.x"),
        ("tick", "action.deed.index"),
        ("keyframe", "state"),
        ("anchor", "unix_us"),
        ("epoch start", "epoch"),
    ] {
        assert!(parts[part].contains(field), "{part} {field} is not forged: {:?}", parts[part]);
    }
}

#[test]
fn an_audit_of_every_record_of_a_small_fight_leaves_nothing_unseen() {
    let log =
        fight(Scene { keyframe_ticks: 16, rate_hz: 16, ..Scene::duel("all of it") }, 2, 20).ended().log();
    let found = findings(&log, Places::All);
    assert!(unseen(&found).is_empty(), "{:#?}", unseen(&found));
    assert_free_text_is_closed(&found);
    assert!(found.len() > 2_000, "{}", found.len());
}

/// The audit tries out only the stretch that a forgery can touch; a whole verification must say the same.
#[test]
fn what_the_audit_says_is_what_a_verification_of_the_whole_forged_log_says() {
    let mut stage = fight(Scene { keyframe_ticks: 16, rate_hz: 16, ..Scene::duel("whole") }, 2, 20);
    stage.restart();
    stage.steps(20);
    let log = stage.ended().log();
    let digest = LogDigest::of(&log).expect("the log is sound");
    let mut compared = 0;
    let audited = audit(&log, &Kinds::SHIPPED, Places::Representative, &mut |finding, stand| {
        let Some(forged) = stand.forged_log() else {
            assert_eq!(finding.caught.word(), "blobs", "{finding:?}");
            return;
        };
        let options = VerifyOptions { expect: Some(digest), ..VerifyOptions::of(Kinds::SHIPPED) };
        let outcome = verify(&forged, options, &mut |_| {}).outcome;
        let agrees = match finding.caught {
            Caught::Simulation(_) => !matches!(outcome, Outcome::Verified),
            Caught::Blobs(_) => matches!(outcome, Outcome::Broken(_) | Outcome::Refused(_)),
            Caught::Digest => matches!(outcome, Outcome::OtherDigest { .. }),
            Caught::FreeText => outcome == Outcome::Verified,
            Caught::Unseen => false,
        };
        let seen_without =
            verify(&forged, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {}).outcome != Outcome::Verified;
        assert!(agrees, "{finding:?}: {outcome:?}");
        assert_eq!(seen_without, finding.caught.how().is_some(), "{finding:?}: {outcome:?}");
        compared += 1;
    });
    assert_eq!(audited, Ok(()));
    assert!(compared > 500, "{compared}");
}

#[test]
fn the_log_of_a_session_that_goes_on_can_be_audited() {
    let found = findings(&fight(Scene::duel("goes on"), 2, 200).log(), Places::Representative);
    assert!(unseen(&found).is_empty(), "{:#?}", unseen(&found));
}

#[test]
fn what_does_not_hold_is_not_audited() {
    let mut stage: Stage = fight(Scene::duel("does not hold"), 2, 20);
    stage.perturb_next_tick(6);
    stage.steps(2);
    let refused =
        audit(&stage.log(), &Kinds::SHIPPED, Places::Representative, &mut |finding, _| panic!("{finding:?}"));
    assert!(refused.unwrap_err().to_string().contains("diverged"));
}
