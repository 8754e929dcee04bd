//! Modes from outside: teams and rounds, sides, and what a mode keeps.

use combat_components::command::Command;
use combat_components::ids::{SimId, Slot, Team};
use combat_components::phase::{EndReason, Phase, Winner};
use combat_components::quantity::Vec3Mm;
use combat_systems::modes::deathmatch::Deathmatch;
use combat_systems::modes::{Contender, Course, Mode, Round, Stander, StandsUp};
use combat_systems::output::NOT_KEPT;
use combat_systems::sim::Sim;
use combat_systems::state::StateKind;

use super::{plan, two};
use crate::arena::Arena;
use crate::maps;

#[test]
fn a_mode_of_teams_and_rounds_decides_teams_deaths_rounds_leaving_and_the_winner() {
    let places = [[0, 0, 0], [3_000, 0, 0], [0, 0, 3_000], [3_000, 0, 3_000]];
    let mut arena = Arena::new(&plan("elimination", &places));
    (0..3).for_each(|slot| arena.join(slot, Team::NONE));
    (0..3).for_each(|slot| arena.input.push(Command::Connected { slot: Slot(slot) }));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    let mut teams = [0; 3];
    for (_, identity, _) in arena.sim.members() {
        teams[usize::from(identity.slot.0)] = identity.team.0;
    }
    assert_eq!(teams.iter().filter(|team| **team == 1).count(), 2, "{teams:?}");
    let lonely = teams.iter().position(|team| *team == 2).expect("somebody is of the other team") as u8;
    let other = (0..3).find(|slot| *slot != lonely).expect("there are three");
    let mut fight = |by: u8, at: u8| {
        for _ in 0..2_000 {
            if !arena.public(at).alive {
                return;
            }
            arena.attack(by, at);
            arena.step();
        }
        panic!("{by} could not kill {at}");
    };
    fight(lonely, other);
    assert!(arena.sim.match_state().next_round_at.is_none(), "one of the team still stands");
    arena.step_by(200);
    assert!(!arena.public(other).alive, "who is out stays out while the round is on");
    arena.input.push(Command::End { reason: EndReason::Requested, request: None });
    arena.step();
    assert_eq!(arena.sim.match_state().winner, Winner::Team { team: Team(2) });
}

/// Eight in elimination, joined alternately for teams 1 and 2, where two spawn points lie on either side of the middle.
fn four_against_four(west_mm: i32, east_mm: i32) -> Arena {
    let places = [[west_mm, 0, -800], [west_mm, 0, 800], [east_mm, 0, -800], [east_mm, 0, 800]];
    let mut arena = Arena::new(&plan("elimination", &places));
    (0..8).for_each(|slot| arena.join(slot, Team(1 + slot % 2)));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    arena
}

/// How many of slots 0 to 7 stand in the west and of team 1, in the east and of another, and on the wrong side.
fn sides(arena: &mut Arena) -> [usize; 3] {
    let teams: Vec<Team> = arena.sim.members().map(|(_, identity, _)| identity.team).collect();
    let mut counts = [0; 3];
    for (slot, team) in (0..8).zip(teams) {
        let is_west = arena.at(slot).x < 0;
        counts[if is_west != (team == Team(1)) { 2 } else { usize::from(!is_west) }] += 1;
    }
    counts
}

#[test]
fn a_mode_puts_each_team_on_its_side_at_every_start_also_those_for_whom_no_point_is_left() {
    let mut arena = four_against_four(-30_000, 3_000);
    assert_eq!(sides(&mut arena), [4, 4, 0]);
    let joined = arena.sim.members().count();
    arena.join(8, Team::NONE);
    arena.step();
    assert_eq!(arena.sim.members().count(), joined + 1);
    let (east, team) = (arena.at(8).x > 0, arena.sim.members().last().expect("he has joined").1.team);
    assert_eq!(east, team != Team(1), "who joins later stands on the side of {team:?}");
}

#[test]
fn in_a_mode_without_a_wish_for_sides_everybody_stands_as_far_from_all_others_as_can_be() {
    let mut plan = plan("deathmatch", &[[-30_000, 0, 0], [-29_000, 0, 0], [3_000, 0, 0]]);
    plan.ruleset.matches.warmup_ms = 600_000;
    let mut arena = Arena::new(&plan);
    (0..2).for_each(|slot| arena.join(slot, Team(1)));
    arena.step();
    let apart = arena.at(0).distance_squared(arena.at(1));
    assert!(apart >= 32_000_i64.pow(2), "two of one team, {apart} mm² apart");
}

#[test]
fn who_finds_his_side_full_appears_on_the_other_rather_than_inside_somebody() {
    let mut plan = plan("elimination", &[[-30_000, 0, 0], [30_000, 0, 0]]);
    for (dx, dz) in [(700, 0), (-700, 0), (0, 700), (0, -700)] {
        let size = if dx == 0 { [1_500, 3_000, 100] } else { [100, 3_000, 1_500] };
        plan.map.solids.push(maps::cuboid([-30_000 + dx, 1_500, dz], size));
    }
    let mut arena = Arena::new(&plan);
    (0..4).for_each(|slot| arena.join(slot, Team(1 + slot % 2)));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    let west = (0..4).filter(|slot| arena.at(*slot).x < 0).count();
    assert_eq!(west, 1, "the closet in the west holds one");
}

#[test]
fn what_is_looked_for_on_ones_own_side_leaves_enough_for_the_other() {
    let mut plan = plan("elimination", &[[-30_000, 0, 0], [-40_000, 0, 0], [30_000, 0, 0]]);
    for (x, (dx, dz)) in [-30_000, -40_000]
        .into_iter()
        .flat_map(|x| [(700, 0), (-700, 0), (0, 700), (0, -700)].map(|by| (x, by)))
    {
        let size = if dx == 0 { [1_500, 3_000, 100] } else { [100, 3_000, 1_500] };
        plan.map.solids.push(maps::cuboid([x + dx, 1_500, dz], size));
    }
    let mut arena = Arena::new(&plan);
    (0..8).for_each(|slot| arena.join(slot, Team(1 + slot % 2)));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    let west = (0..8).filter(|slot| arena.at(*slot).x < 0).count();
    assert_eq!(west, 2, "two closets, for one each");
}

/// Two in the studio's mode that remembers who has won its rounds, of teams 1 and 2.
fn best_of_three() -> Arena {
    let mut arena = Arena::new(&plan("best-of-three", &[[-1_000, 0, 0], [1_000, 0, 0]]));
    (0..2).for_each(|slot| arena.join(slot, Team(1 + slot)));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    arena
}

/// `by` wins the round that is on, and the next one begins unless that was the match.
fn win_the_round(arena: &mut Arena, by: u8) {
    let at = 1 - by;
    arena.until("the other dies", |arena| {
        if arena.public(by).alive && arena.public(at).alive {
            arena.attack(by, at);
        }
        !arena.public(at).alive
    });
    arena.until("the next round", |arena| {
        arena.sim.match_state().phase == Phase::Ended || arena.public(at).alive
    });
}

fn kept(arena: &mut Arena) -> String {
    arena.sim.describe(StateKind::Mode, None)
}

#[test]
fn a_mode_remembers_the_rounds_that_its_teams_have_won_and_ends_the_match_by_them() {
    let mut arena = best_of_three();
    assert_eq!(kept(&mut arena), "ModeState([0, 0])");
    for (by, expected) in [(0, "ModeState([1, 0])"), (1, "ModeState([1, 1])"), (1, "ModeState([1, 2])")] {
        assert_eq!(arena.sim.match_state().phase, Phase::Active);
        win_the_round(&mut arena, by);
        assert_eq!(kept(&mut arena), expected);
    }
    let state = arena.sim.match_state();
    assert_eq!((state.phase, state.end), (Phase::Ended, Some(EndReason::ScoreLimit)));
    assert_eq!(state.winner, Winner::Team { team: Team(2) });
}

#[test]
fn what_a_mode_keeps_is_restored_from_a_keyframe_and_is_under_every_root() {
    let mut arena = best_of_three();
    win_the_round(&mut arena, 0);
    let mut keyframe = Vec::new();
    arena.sim.write_keyframe(&mut keyframe);
    let [mut restored, mut perturbed] =
        [(); 2].map(|()| Sim::restore(&arena.parts, &keyframe).expect("a keyframe of this session"));
    assert_eq!(restored.describe(StateKind::Mode, None), "ModeState([1, 0])");
    let changed =
        (0..).map(|choice| perturbed.perturb(choice).0).take(200).find(|kind| *kind == StateKind::Mode);
    assert_eq!(changed, Some(StateKind::Mode), "it takes its turn");
    while arena.sim.match_state().phase != Phase::Ended {
        if arena.public(0).alive && arena.public(1).alive {
            arena.attack(0, 1);
        }
        let root = restored.step(&mut arena.input.clone()).root;
        arena.step();
        assert_eq!(root, arena.output.root, "tick {}", arena.tick());
    }
    assert_eq!(restored.match_state().winner, Winner::Team { team: Team(1) });
}

#[test]
fn a_mode_that_keeps_nothing_has_no_such_kind_of_state() {
    let mut arena = two();
    arena.step();
    assert!(!arena.sim.keeps(StateKind::Mode) && arena.sim.canonical(StateKind::Mode).is_empty());
    assert_eq!(arena.output.sub_hashes[StateKind::Mode as usize], NOT_KEPT);
    let mut keyframe = Vec::new();
    best_of_three().sim.write_keyframe(&mut keyframe);
    let refused = Sim::restore(&arena.parts, &keyframe).expect_err("a keyframe of another mode");
    assert!(refused.to_string().starts_with("keyframe: "), "{refused}");
}

/// Who stands on the hill alone for half a second has won: its owner and since when it is his are what it keeps.
#[derive(Debug)]
struct Hill;

impl Mode for Hill {
    fn name(&self) -> &'static str {
        "hill"
    }

    fn players(&self) -> std::ops::RangeInclusive<u8> {
        2..=8
    }

    fn team_of(&self, wish: Team, others: &[Team]) -> Team {
        Deathmatch.team_of(wish, others)
    }

    fn stands_up(&self, round: Round) -> StandsUp {
        Deathmatch.stands_up(round)
    }

    fn death_ends_round(&self, _: &[Team]) -> bool {
        false
    }

    fn keeps(&self) -> usize {
        2
    }

    fn watches(&self, kept: &mut [i32], course: &Course<'_>) {
        let is_on_it = |other: &&Stander| other.at.distance_squared(Vec3Mm::default()) < 1_000_000;
        let mut on_it = course.standing.iter().filter(is_on_it);
        let owner = on_it.next().filter(|_| on_it.next().is_none()).map_or(0, |owner| owner.id.0 as i32);
        kept[1] = if owner == kept[0] { kept[1] + 1 } else { 0 };
        kept[0] = owner;
    }

    fn is_decided(&self, _: u16, _: &[Contender<'_>], kept: &[i32]) -> bool {
        kept[0] > 0 && kept[1] >= 64
    }

    fn winner(&self, _: &[Contender<'_>], kept: &[i32]) -> Winner {
        Winner::Player { id: SimId(kept[0] as u32) }
    }
}

#[test]
fn a_mode_sees_in_every_tick_of_the_match_who_stands_where_and_remembers_it() {
    let mut plan = plan("hill", &[[0, 0, 0], [9_000, 0, 0]]);
    plan.kinds.modes = &[&Hill];
    let mut arena = Arena::fighting(&plan, 2);
    let owner = (0..2).find(|slot| arena.at(*slot).x == 0).expect("one of them appears on it");
    let began = arena.tick();
    assert_eq!(kept(&mut arena), "ModeState([0, 0])", "nothing is remembered of the warm-up");
    arena.until("it has been his for long enough", |arena| arena.sim.match_state().phase == Phase::Ended);
    assert_eq!(arena.tick() - began, 65, "half a second after the tick in which it became his");
    assert_eq!(arena.sim.match_state().winner, Winner::Player { id: SimId(1 + u32::from(owner)) });
}
