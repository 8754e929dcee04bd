//! What views hold of the simulation, and which shots come with them.

use combat_components::event::Event;
use combat_components::ids::{Epoch, SimId};
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_protocol::numbers::FrameStatus;
use combat_protocol::view::{PublicPlayer, Shot};
use combat_systems::views::{Eye, PublicBody};

use super::duel::{Duel, SLOTS};
use crate::replication::view::{SHOTS_PER_FRAME_MAX, public_player};

fn shot(number: i32) -> Event {
    let (from, to) = (Vec3Mm::new(number, 2, 3), Vec3Mm::new(4, 5, 6));
    Event::Shot { shooter: SimId(1), weapon: 0, from, to, struck: Some(SimId(2)) }
}

/// The numbers of the shots that would come with a frame now, to players and to spectators.
fn numbers(duel: &mut Duel) -> [Vec<i32>; 2] {
    let number = |shot: &Shot| shot.from[0];
    let players = duel.builder.players_frame(&mut duel.sim, Eye::All, Epoch(1)).1;
    let players = players.iter().map(number).collect();
    let spectators = duel.builder.spectators_frame(&mut duel.sim, Epoch(1)).1;
    [players, spectators.iter().map(number).collect()]
}

#[test]
fn players_and_spectators_are_each_sent_a_shot_once() {
    let mut duel = Duel::new();
    duel.step();
    duel.builder.note_event(&shot(1));
    assert_eq!(numbers(&mut duel), [vec![1], vec![1]]);
    duel.builder.players_have_shots();
    assert_eq!(numbers(&mut duel), [vec![], vec![1]], "players have it, spectators have not");
    duel.builder.note_event(&shot(2));
    assert_eq!(numbers(&mut duel), [vec![2], vec![1, 2]]);
    duel.builder.spectators_have_shots();
    assert_eq!(numbers(&mut duel), [[0; 0]; 2], "spectators are served last");
    duel.builder.note_event(&shot(3));
    assert_eq!(numbers(&mut duel), [vec![3], vec![3]]);
}

#[test]
fn no_frame_brings_more_shots_than_its_bound_and_the_newest_are_dropped() {
    let mut duel = Duel::new();
    duel.step();
    let bound = SHOTS_PER_FRAME_MAX as i32;
    (0..bound + 2).for_each(|number| duel.builder.note_event(&shot(number)));
    let kept: Vec<_> = (0..bound).collect();
    assert_eq!(numbers(&mut duel), [kept.clone(), kept]);
}

#[test]
fn a_shot_is_drawn_from_its_muzzle_to_its_end() {
    let mut duel = Duel::new();
    duel.step();
    duel.builder.note_event(&shot(1));
    let shots = duel.builder.spectators_frame(&mut duel.sim, Epoch(1)).1;
    assert_eq!(shots, [Shot { shooter: 1, from: [1, 2, 3], to: [4, 5, 6], struck: Some(2) }]);
}

#[test]
fn a_player_in_a_view_is_the_body_field_by_field() {
    let (at, yaw, pitch) = (Vec3Mm::new(1, 2, 3), Yaw(4), Pitch::new(5).expect("a pitch"));
    let body = PublicBody {
        id: SimId(6),
        slot: SLOTS[1],
        pose: Pose { at, yaw, pitch },
        health_points: 7,
        armour_points: 8,
        alive: true,
        connected: false,
        kills: 9,
        deaths: 10,
    };
    let expected = PublicPlayer {
        sim_id: 6,
        x: 1,
        y: 2,
        z: 3,
        yaw: 4,
        pitch: 5,
        health: 7,
        armour: 8,
        flags: 1,
        kills: 9,
        deaths: 10,
    };
    assert_eq!(public_player(&body), expected);
    let dead = PublicBody { alive: false, connected: true, ..body };
    assert_eq!(public_player(&dead), PublicPlayer { flags: 2, ..expected }, "dead, but connected");
}

#[test]
fn a_view_is_that_of_its_tick_and_of_the_roster_at_the_time() {
    let mut duel = Duel::new();
    for tick in 1..4 {
        duel.step();
        let phase_ends_at = duel.sim.match_state().phase_ends_at.map(|at| at.0);
        let (view, _) = duel.builder.players_frame(&mut duel.sim, Eye::All, Epoch(3));
        assert_eq!((view.epoch, view.tick, view.phase_ends_at), (3, tick, phase_ends_at));
        assert!(view.is_ordered() && view.players.len() == 2, "{view:?}");
    }
    assert_eq!(duel.sim.match_state().phase, Phase::Warmup);
    let (view, _) = duel.builder.players_frame(&mut duel.sim, Eye::All, Epoch(4));
    assert_eq!((view.epoch, view.status), (4, FrameStatus::Warmup), "of another epoch in the same tick");
    let renamed = |_| SLOTS[1].player_name();
    duel.builder.rebuild_roster(&duel.sim, renamed);
    let (view, _) = duel.builder.players_frame(&mut duel.sim, Eye::All, Epoch(3));
    let names = view.roster.iter().map(|entry| entry.display_name);
    assert!(names.eq([SLOTS[1].player_name(); 2]), "in the same tick too: {:?}", view.roster);
}
