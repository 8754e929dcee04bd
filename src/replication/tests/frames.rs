//! When a player is sent what, and that nothing of it comes twice.

use combat_components::command::Command;
use combat_components::event::Event;
use combat_components::ids::{Epoch, SimId};
use combat_components::limits::BANK_MS;
use combat_components::origin::Origin;
use combat_components::quantity::Vec3Mm;
use combat_components::tick::{Tick, TickRate};
use combat_components::verdict::Verdict;
use combat_protocol::server::{EventMessage, Happening, ResumedFrom, ServerMessage, StatusMessage};

use super::duel::{Duel, FRAME_TICKS, ONE, OTHER, SLOTS, judged};
use crate::replication::connection::FRAMES_PENDING_MAX;
use crate::replication::happenings::Told;

#[test]
fn a_connection_is_shown_nothing_older_than_the_tick_that_says_it_is_there() {
    let mut duel = Duel::unconnected();
    duel.arrive(ONE, Tick(8), None);
    duel.arrive(OTHER, Tick(9), None);
    let welcomed_at = [4, 8, 12].map(|tick| {
        duel.step_by(FRAME_TICKS);
        assert_eq!(duel.sim.tick(), Tick(tick));
        SLOTS.map(|slot| duel.welcome(slot).map(|welcome| welcome.tick))
    });
    let expected = [[None, None], [Some(8), None], [None, Some(12)]];
    assert_eq!(welcomed_at, expected, "one is there since tick 8 and the other since tick 9");
}

#[test]
fn a_welcome_says_where_the_player_stands_and_is_logged_as_a_snapshot() {
    let mut duel = Duel::new();
    duel.durable_tick = Some(Tick(3));
    duel.judge(ONE, 1);
    duel.step_by(FRAME_TICKS);
    let sent = SLOTS.map(|slot| Command::SnapshotSent { slot, at: Tick(4) });
    assert_eq!(duel.logged(), sent);
    for slot in SLOTS {
        let welcome = duel.welcome(slot).expect("a frame was due");
        let own = welcome.own.as_ref().expect("a player's own part");
        assert_eq!((welcome.slot, welcome.sim_id), (Some(slot.0), Some(1 + u32::from(slot.0))));
        assert_eq!((welcome.tick, welcome.durable_tick), (4, 3));
        assert_eq!((own.tick, own.durable_tick), (4, 3));
        assert_eq!(judged(own), [0; 0], "what was judged before is acknowledged by the number");
    }
    duel.step_by(FRAME_TICKS);
    let owns = duel.owns(ONE);
    assert_eq!(owns.iter().map(judged).collect::<Vec<_>>(), [[0; 0]], "nor is it told after it");
}

#[test]
fn who_comes_back_is_told_in_his_welcome_what_has_become_of_his_body_and_inputs() {
    let mut duel = Duel::welcomed();
    duel.claim(3, Vec3Mm::new(900_000, 0, 0));
    duel.step();
    duel.arrive(ONE, Tick(0), None);
    duel.displace(ONE);
    duel.step_by(FRAME_TICKS - 1);
    let welcome = duel.welcome(ONE).expect("a frame was due");
    let own = welcome.own.as_ref().expect("a player's own part");
    assert_eq!((welcome.last_input_seq, own.last_input_seq), (3, 3));
    let correction = own.correction.expect("his correction");
    assert_eq!((correction.input_seq, correction.bank_ticks), (9, own.bank_ticks));
    duel.step_by(FRAME_TICKS);
    let corrections: Vec<_> = duel.owns(ONE).iter().map(|own| own.correction).collect();
    assert_eq!(corrections, [None], "the welcome brought it");
}

#[test]
fn who_saw_an_older_epoch_is_told_from_where_it_was_rolled_back_and_nobody_else() {
    let mut duel = Duel::unconnected();
    (duel.standing.epoch, duel.standing.epoch_began_at) = (Epoch(2), Tick(40));
    duel.arrive(ONE, Tick(0), Some((Epoch(1), Tick(50))));
    duel.arrive(OTHER, Tick(0), Some((Epoch(2), Tick(60))));
    duel.step_by(FRAME_TICKS);
    let welcomes = SLOTS.map(|slot| duel.welcome(slot).expect("a frame was due"));
    assert_eq!(welcomes.each_ref().map(|welcome| welcome.epoch), [2, 2]);
    let resumed = welcomes.map(|welcome| welcome.resumed);
    let rolled_back =
        ResumedFrom { epoch: 2, tick: 40, rolled_back_from_epoch: 1, rolled_back_from_tick: 50 };
    assert_eq!(resumed, [Some(rolled_back), None]);
}

#[test]
fn a_correction_is_sent_once_with_what_is_left_in_the_bank() {
    let mut duel = Duel::welcomed();
    duel.displace(ONE);
    duel.step();
    let [own] = &duel.owns(ONE)[..] else { panic!("his own part at once") };
    let correction = own.correction.expect("his correction");
    assert!(own.bank_ticks > 0);
    assert_eq!(correction.bank_ticks, own.bank_ticks, "the bank of the correction is that of its part");
    assert_eq!(duel.lines[0].facts.bank_ticks(), own.bank_ticks, "as pongs tell it");
    duel.step_by(FRAME_TICKS);
    let corrections: Vec<_> = duel.owns(ONE).iter().map(|own| own.correction).collect();
    assert_eq!(corrections, [None], "the next frame's part does not bring it again");
}

#[test]
fn a_verdict_is_told_once_at_once_and_to_its_player_alone() {
    let mut duel = Duel::welcomed();
    duel.judge(ONE, 7);
    let request = Verdict::judged(Origin::Request { number: 8 }, Ok(()));
    duel.audience.note_verdict(&request, Tick(4));
    duel.step();
    let told = SLOTS.map(|slot| duel.owns(slot).iter().map(judged).collect::<Vec<_>>());
    assert_eq!(told, [vec![vec![7]], vec![]], "one is told at once, the other nothing");
    duel.step();
    assert!(duel.lines.iter().all(|line| line.heard().is_empty()), "nothing is urgent any more");
    duel.judge(ONE, 9);
    duel.step_by(2);
    let told = SLOTS.map(|slot| duel.owns(slot).iter().map(judged).collect::<Vec<_>>());
    assert_eq!(told, [vec![vec![9], vec![]], vec![vec![]]], "the frame's parts bring no verdict again");
}

#[test]
fn an_acknowledgement_that_is_asked_for_leaves_with_its_tick() {
    let mut duel = Duel::welcomed();
    duel.audience.ask_ack(OTHER);
    duel.step();
    assert_eq!(SLOTS.map(|slot| duel.owns(slot).len()), [0, 1]);
}

#[test]
fn what_is_urgent_waits_while_the_outbox_has_no_room_and_then_comes_also_where_no_frame_does() {
    let mut duel = Duel::welcomed();
    (0..FRAMES_PENDING_MAX).for_each(|_| duel.lines[0].facts.note_frame_queued());
    duel.judge(ONE, 7);
    duel.step_by(FRAME_TICKS);
    assert!(duel.lines[0].heard().is_empty(), "there is no room, neither at once nor at the frame");
    duel.lines[0].facts.note_frame_written();
    // He has not said a word: deltas have stopped, and this frame brings his own part alone.
    duel.step_by(FRAME_TICKS - 1);
    let owns = duel.owns(ONE);
    assert_eq!(owns.iter().map(judged).collect::<Vec<_>>(), [[7]]);
    duel.judge(ONE, 8);
    let until_frame = duel.sim.tick().0.next_multiple_of(FRAME_TICKS) - duel.sim.tick().0;
    duel.lines[0].facts.note_frame_queued();
    duel.step_by(until_frame - 1);
    duel.lines[0].facts.note_frame_written();
    duel.step();
    let heard = duel.lines[0].messages();
    let [ServerMessage::Own(own)] = &heard[..] else { panic!("his own part alone: {heard:?}") };
    assert_eq!(judged(own), [8]);
}

#[test]
fn a_silent_player_is_skipped_when_his_word_is_older_than_bank_round_trip_and_a_frame() {
    const RTT_MS: u32 = 125;
    let mut duel = Duel::welcomed();
    duel.lines[0].facts.note_rtt(RTT_MS, 0);
    let last = 4 + TickRate::DEFAULT.ticks_in_ms(BANK_MS + RTT_MS) + FRAME_TICKS;
    assert!(last.is_multiple_of(FRAME_TICKS));
    duel.step_by(last - 4);
    let is_delta = |message: &ServerMessage| matches!(message, ServerMessage::Delta(_));
    let deltas = duel.lines[0].messages().into_iter().filter(is_delta).count() as u32;
    assert_eq!(deltas, last / FRAME_TICKS - 1, "a word may be this old");
    drop(duel.logged());
    duel.step_by(2 * FRAME_TICKS);
    assert_eq!(duel.lines[0].messages(), [], "and no older");
    assert_eq!(duel.logged(), [], "what was skipped is logged when he is back");
    duel.lines[0].facts.note_seen(Epoch(1), Tick(last));
    duel.step_by(FRAME_TICKS);
    let [from, to] = [last + FRAME_TICKS, last + 3 * FRAME_TICKS].map(Tick);
    let skipped = Command::FramesSkipped { slot: ONE, from, to };
    assert_eq!(duel.logged(), [skipped, Command::SnapshotSent { slot: ONE, at: to }]);
    let heard = duel.lines[0].messages();
    assert!(matches!(heard[..], [ServerMessage::Snapshot(_), ServerMessage::Own(_)]), "{heard:?}");
}

/// What the players are told of finality, with the tick up to which everything is final.
fn finals(duel: &Duel) -> [Vec<u32>; 2] {
    let durable = |message| match message {
        ServerMessage::Event(EventMessage { happening: Happening::Durable { tick, .. }, .. }) => Some(tick),
        _ => None,
    };
    duel.lines.each_ref().map(|line| line.messages().into_iter().filter_map(durable).collect())
}

#[test]
fn what_players_saw_is_said_to_be_final_once_its_own_tick_is_durable_and_never_again() {
    let mut duel = Duel::welcomed();
    let told = |tick| Told {
        message: EventMessage { epoch: 1, tick, happening: Happening::PlayGoesOn },
        ..Told::durable(Epoch(1), Tick(tick))
    };
    for tick in [6, 8] {
        duel.audience.note_event(&Event::PlayGoesOn, Some(&told(tick)));
    }
    let mut durable = |tick| {
        duel.durable_tick = Some(Tick(tick));
        duel.step();
        finals(&duel)
    };
    assert_eq!(durable(7), [[0; 0]; 2], "the newest is not final");
    assert_eq!(durable(8), [vec![8], vec![8]], "it is, by its own tick");
    assert_eq!(durable(9), [[0; 0]; 2], "that has been said");
}

#[test]
fn a_status_is_told_to_those_who_have_been_welcomed() {
    let mut duel = Duel::unconnected();
    duel.arrive(ONE, Tick(0), None);
    duel.step_by(FRAME_TICKS);
    duel.arrive(OTHER, Tick(0), None);
    drop(duel.lines[0].heard());
    duel.audience.send_status(&StatusMessage::default());
    let told = duel.lines.each_ref().map(|line| line.messages());
    assert_eq!(told, [vec![ServerMessage::Status(StatusMessage::default())], vec![]]);
}

#[test]
fn a_shot_is_drawn_in_one_frame_to_players() {
    let mut duel = Duel::welcomed();
    let at = Vec3Mm::default();
    let shot = Event::Shot { shooter: SimId(1), weapon: 0, from: at, to: at, struck: None };
    duel.builder.note_event(&shot);
    duel.step_by(3 * FRAME_TICKS);
    for line in &duel.lines {
        let shots = line.messages().into_iter().filter_map(|message| match message {
            ServerMessage::Delta(delta) => Some(delta.shots.len()),
            _ => None,
        });
        assert_eq!(shots.collect::<Vec<_>>(), [1, 0, 0], "shots in each frame");
    }
}
