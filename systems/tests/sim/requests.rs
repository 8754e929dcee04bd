//! Who asks hears the verdict: requests are judged like inputs, and what the service says by itself is not.

use combat_components::command::{Command, LeaveCause};
use combat_components::ids::{Pseudonym, Slot, Team};
use combat_components::origin::{Origin, Request, RequestKey};
use combat_components::phase::EndReason;
use combat_components::reason::Reason;
use combat_components::verdict::Outcome;

use crate::arena::{Arena, Plan};
use crate::maps;

fn asked(number: u32) -> Option<Request> {
    Some(Request { number, key: None })
}

fn join(slot: u8, pseudonym: u64, request: Option<Request>) -> Command {
    let (slot, pseudonym) = (Slot(slot), Pseudonym(pseudonym));
    Command::Join { slot, pseudonym, team: Team::NONE, bot: false, request }
}

fn leave(slot: u8, request: Option<Request>) -> Command {
    Command::Leave { slot: Slot(slot), cause: LeaveCause::Left, request }
}

/// What a tick of these commands says of each request.
fn told(arena: &mut Arena, commands: Vec<Command>) -> Vec<(u32, Option<Reason>)> {
    arena.input.extend(commands);
    arena.step();
    let verdicts = arena.output.verdicts.iter();
    verdicts
        .map(|verdict| {
            let Origin::Request { number } = verdict.origin else { panic!("nobody else asked: {verdict:?}") };
            assert_eq!(verdict.outcome == Outcome::Applied, verdict.reason.is_none());
            (number, verdict.reason)
        })
        .collect()
}

#[test]
fn a_request_hears_in_its_own_tick_what_became_of_it() {
    let mut arena = Arena::new(&Plan::on(maps::duel_box()));
    let told_of = told(&mut arena, vec![join(0, 7, asked(1)), join(0, 8, asked(2)), join(1, 9, asked(3))]);
    assert_eq!(told_of, [(1, None), (2, Some(Reason::SessionFull)), (3, None)], "the slot is another's");
    let again = told(&mut arena, vec![join(5, 7, asked(4)), leave(0, asked(5)), leave(0, asked(6))]);
    assert_eq!(again, [(4, None), (5, None), (6, Some(Reason::NotInSession))], "he was in already");
    let end = Command::End { reason: EndReason::Requested, request: asked(7) };
    let over = told(&mut arena, vec![end, join(0, 10, asked(8))]);
    assert_eq!(over, [(7, None), (8, Some(Reason::SessionEnded))]);
}

#[test]
fn what_the_service_does_by_itself_has_no_verdict() {
    let mut arena = Arena::new(&Plan::on(maps::duel_box()));
    let connected = Command::Connected { slot: Slot(0) };
    let commands =
        vec![join(0, 7, None), join(0, 8, None), connected.clone(), leave(0, None), leave(0, None)];
    assert!(commands.iter().all(|command| command.origin() == Origin::Service));
    assert_eq!(told(&mut arena, commands), []);
}

#[test]
fn who_asks_and_under_which_key_changes_no_state() {
    let key = Some(RequestKey { digest: [1, 2], fingerprint: 3 });
    let roots = [None, asked(1), Some(Request { number: 9, key })].map(|request| {
        let mut arena = Arena::new(&Plan::on(maps::duel_box()));
        told(&mut arena, vec![join(0, 7, request)]);
        arena.output.root
    });
    assert_eq!(roots, [roots[0]; 3]);
}
