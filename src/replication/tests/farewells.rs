//! How connections go, who is told why, and what the log says of it.

use combat_components::command::Command;
use combat_components::event::Event;
use combat_components::ids::{Epoch, SimId};
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use combat_protocol::server::StatusMessage;

use super::Line;
use super::duel::{Duel, FRAME_TICKS, ONE, OTHER, SLOTS};
use crate::replication::happenings::Told;
use crate::replication::players::Arrived;

/// What a connection says that nobody has closed.
const OPEN: CloseCode = CloseCode::GoingAway;

fn close_codes(duel: &Duel) -> [CloseCode; 2] {
    duel.lines.each_ref().map(|line| line.facts.close_code())
}

#[test]
fn who_is_refused_too_often_is_closed_with_the_reason_and_logged_as_disconnected() {
    let mut duel = Duel::welcomed();
    let reason = Reason::TooFast;
    duel.audience.note_event(&Event::TooManyRefusals { id: SimId(1), slot: ONE, reason }, None);
    let logged = duel.logged();
    assert_eq!(logged, [Command::Disconnected { slot: ONE }], "the next record says that he has gone");
    let facts = &duel.lines[0].facts;
    assert_eq!((facts.close_code(), facts.close_reason()), (CloseCode::Policy, Some(reason)));
    assert_eq!(SLOTS.map(|slot| duel.audience.connection_of(slot)), [None, Some(1)], "he alone");
    assert_eq!(duel.logged(), [], "it is logged once");
}

/// Whatever it is that a lost connection is sent first.
#[test]
fn a_connection_that_is_lost_is_let_go_of_as_too_slow_and_logged_once() {
    type Sends = fn(&mut Duel);
    let ways: [(&str, Sends); 5] = [
        ("nothing: the link has gone", |duel| duel.lines[0].gone.set(true)),
        ("an event", |duel| {
            duel.audience.note_event(&Event::PlayGoesOn, Some(&Told::durable(Epoch(1), Tick(4))));
        }),
        ("a status", |duel| duel.audience.send_status(&StatusMessage::default())),
        ("an urgent own part", |duel| {
            duel.judge(ONE, 1);
            duel.step();
        }),
        ("a frame", |duel| duel.step_by(FRAME_TICKS)),
    ];
    for (what, sends) in ways {
        let mut duel = Duel::welcomed();
        duel.lines[0].full.set(true);
        sends(&mut duel);
        assert_eq!(duel.logged(), [Command::Disconnected { slot: ONE }], "{what}");
        assert_eq!(close_codes(&duel), [CloseCode::TooSlow, OPEN], "{what}");
        assert_eq!(SLOTS.map(|slot| duel.audience.connection_of(slot)), [None, Some(1)], "{what}");
        assert_eq!(duel.logged(), [], "{what}: it is logged once");
    }
}

#[test]
fn a_connection_that_is_lost_with_its_welcome_is_logged() {
    let mut duel = Duel::new();
    duel.lines[0].full.set(true);
    duel.step_by(FRAME_TICKS);
    assert!(duel.logged().contains(&Command::Disconnected { slot: ONE }));
    assert_eq!(duel.audience.connection_of(ONE), None);
}

#[test]
fn a_newer_connection_supersedes_the_older_which_is_nobodys_any_more() {
    let mut duel = Duel::welcomed();
    let newer = Line::new();
    duel.audience.arrive(Arrived {
        slot: ONE,
        connection: 77,
        outbox: newer.clone(),
        encoding: Encoding::MessagePack,
        seen: None,
        since: Tick(0),
    });
    assert_eq!(close_codes(&duel), [CloseCode::Superseded, OPEN]);
    assert!(!duel.audience.depart(ONE, 0), "the older was his no more");
    assert_eq!(duel.audience.connection_of(ONE), Some(77), "the newer one stays");
    assert!(duel.audience.depart(ONE, 77));
    assert_eq!(SLOTS.map(|slot| duel.audience.connection_of(slot)), [None, Some(1)]);
}

#[test]
fn who_leaves_hears_nothing_more_and_is_closed_with_the_tick_that_says_so() {
    let mut duel = Duel::welcomed();
    duel.audience.leave(ONE, CloseCode::Left, Tick(9));
    duel.audience.leave(OTHER, CloseCode::Kicked, Tick(10));
    duel.audience.send_status(&StatusMessage::default());
    assert!(duel.lines.iter().all(|line| line.heard().is_empty()), "who leaves hears nothing more");
    let closed_by = [8, 9, 10].map(|tick| {
        duel.audience.close_leavers(Tick(tick));
        close_codes(&duel)
    });
    let [left, kicked] = [CloseCode::Left, CloseCode::Kicked];
    assert_eq!(closed_by, [[OPEN, OPEN], [left, OPEN], [left, kicked]], "by ticks 8, 9 and 10");
}

#[test]
fn at_the_end_those_who_are_leaving_are_closed_too() {
    let mut duel = Duel::welcomed();
    duel.audience.leave(ONE, CloseCode::Left, Tick(9));
    duel.audience.dismiss_everybody(CloseCode::SessionEnded);
    assert_eq!(close_codes(&duel), [CloseCode::SessionEnded; 2]);
    assert_eq!(duel.audience.connection_of(OTHER), None);
}

#[test]
fn a_dismissed_player_is_closed_alone() {
    let mut duel = Duel::welcomed();
    duel.audience.dismiss(OTHER, CloseCode::Kicked);
    assert_eq!(close_codes(&duel), [OPEN, CloseCode::Kicked]);
    assert_eq!(SLOTS.map(|slot| duel.audience.connection_of(slot)), [Some(0), None]);
}

#[test]
fn the_least_round_trip_is_logged_when_it_has_changed_and_in_no_other_tick() {
    let mut duel = Duel::welcomed();
    duel.lines[1].facts.note_rtt(80, 70);
    assert_eq!(duel.logged(), [Command::LinkSampled { slot: OTHER, rtt_ms: 70 }]);
    duel.lines[1].facts.note_rtt(90, 70);
    assert_eq!(duel.logged(), [], "the least has not changed");
    duel.lines[1].facts.note_rtt(0, 1 << 16);
    assert_eq!(duel.logged(), [Command::LinkSampled { slot: OTHER, rtt_ms: u16::MAX }]);
}
