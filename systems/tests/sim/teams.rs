//! Teams: everybody has an enemy, and nobody gains by hurting his own.

use combat_components::command::Command;
use combat_components::event::Event;
use combat_components::ids::{Slot, Team};
use combat_components::phase::{EndReason, Phase, Winner};
use combat_systems::views::Eye;

use crate::arena::{Arena, Plan};
use crate::maps;

fn plan(mode: &'static str) -> Plan {
    let corners = [[-5_000, 0, -5_000], [5_000, 0, -5_000], [-5_000, 0, 5_000], [5_000, 0, 5_000]];
    let mut plan = Plan { mode, ..Plan::on(maps::plain(&corners)) };
    plan.ruleset.weapons[0].own.set("spread_turn", 0);
    plan.ruleset.weapons[0].own.set("damage_points", 1_000);
    plan.ruleset.matches.respawn_ms = 100;
    plan
}

fn joined(arena: &mut Arena, wishes: &[(u8, u8)]) {
    wishes.iter().for_each(|(slot, team)| arena.join(*slot, Team(*team)));
    arena.step_by(5);
}

fn teams(arena: &Arena) -> Vec<(u8, u8)> {
    let mut teams: Vec<_> =
        arena.sim.members().map(|(_, identity, _)| (identity.slot.0, identity.team.0)).collect();
    teams.sort_unstable();
    teams
}

fn leave(arena: &mut Arena, slot: u8) {
    arena.leave(slot);
    arena.step();
}

#[test]
fn a_duel_is_one_against_one_whatever_was_asked() {
    for wishes in [[(0, 1), (1, 1)], [(0, 0), (1, 7)], [(0, 2), (1, 1)]] {
        let mut arena = Arena::new(&plan("duel"));
        joined(&mut arena, &wishes);
        assert_eq!(teams(&arena), [(0, 0), (1, 0)], "{wishes:?}");
        let seq = arena.attack(0, 1);
        arena.step();
        assert!(arena.verdict(0, seq).and_then(|verdict| verdict.hit).is_some_and(|hit| hit.killed));
        assert_eq!(arena.public(0).kills, 1);
    }
}

#[test]
fn nobody_is_out_of_reach_by_choosing_the_team_of_his_enemy() {
    let mut arena = Arena::new(&plan("deathmatch"));
    joined(&mut arena, &[(0, 1), (1, 1)]);
    assert_eq!(teams(&arena), [(0, 1), (1, 2)]);
    for (slot, target) in [(0, 1), (1, 0)] {
        let seq = arena.attack(slot, target);
        arena.step();
        assert!(arena.verdict(slot, seq).and_then(|verdict| verdict.hit).is_some_and(|hit| hit.killed));
        arena.step_by(20);
    }
    assert_eq!([arena.public(0).kills, arena.public(1).kills], [1, 1]);
}

#[test]
fn a_match_does_not_begin_with_everybody_on_one_team() {
    let mut long_warmup = plan("deathmatch");
    long_warmup.ruleset.matches.warmup_ms = 1_000;
    let mut arena = Arena::new(&long_warmup);
    joined(&mut arena, &[(0, 1), (2, 2), (1, 1), (3, 2)]);
    assert_eq!(arena.sim.match_state().phase, Phase::Warmup);
    leave(&mut arena, 2);
    leave(&mut arena, 3);
    assert_eq!(teams(&arena), [(0, 1), (1, 1)]);
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    assert_eq!(teams(&arena), [(0, 1), (1, 2)]);
    let mut keyframe = Vec::new();
    arena.sim.write_keyframe(&mut keyframe);
    let mut restored = combat_systems::sim::Sim::restore(&arena.parts, &keyframe).expect("it is whole");
    arena.step();
    assert_eq!(restored.step(&mut Vec::new()), &arena.output, "the hash knows of the new teams");
}

#[test]
fn leaving_and_joining_again_changes_no_team_while_the_match_is_on() {
    let mut arena = Arena::new(&plan("deathmatch"));
    joined(&mut arena, &[(0, 1), (1, 2), (2, 0)]);
    leave(&mut arena, 1);
    arena.join(1, Team(1));
    arena.step();
    assert_eq!(teams(&arena), [(0, 1), (1, 2), (2, 0)]);
}

#[test]
fn a_team_kill_never_counts_and_never_wins() {
    let mut arena = Arena::new(&Plan { friendly_fire: true, score_limit: 1, ..plan("deathmatch") });
    joined(&mut arena, &[(0, 1), (1, 2), (2, 1), (3, 2)]);
    for _ in 0..5 {
        let seq = arena.attack(0, 2);
        arena.step();
        let hit = arena.verdict(0, seq).and_then(|verdict| verdict.hit).expect("he stands there");
        assert!(hit.killed);
        assert_eq!(arena.sim.match_state().phase, Phase::Active);
        arena.step_by(20);
    }
    assert_eq!((arena.public(0).kills, arena.public(2).deaths), (0, 5));
    arena.input.push(Command::End { reason: EndReason::Requested, request: None });
    arena.step();
    assert!(
        arena.output.events.contains(&Event::Ended { reason: EndReason::Requested, winner: Winner::Nobody })
    );
}

#[test]
fn nothing_is_hidden_from_a_team_as_yet_so_that_all_see_by_one_eye() {
    let mut arena = Arena::new(&plan("deathmatch"));
    joined(&mut arena, &[(0, 1), (1, 2), (2, 2)]);
    arena.until("the match has begun", |arena| arena.sim.match_state().phase == Phase::Active);
    arena.attack(0, 1);
    arena.step();
    let [mut all, mut team] = [Vec::new(), Vec::new()];
    arena.sim.view(Eye::All, &mut all);
    assert_eq!(all.len(), 3);
    for number in 0..3 {
        arena.sim.view(Eye::Team(Team(number)), &mut team);
        assert_eq!(team, all);
    }
    let eyes = [0, 1, 2, 3].map(|slot| arena.sim.eye_of(Slot(slot)));
    assert_eq!(eyes, [Some(Eye::All), Some(Eye::All), Some(Eye::All), None]);
}
