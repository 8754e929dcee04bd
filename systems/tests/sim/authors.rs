//! Blows and whose they are: what counts as a hit, whose score it is, which blow is remembered, and when what was begun
//! does something.

use combat_components::cause::Cause;
use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::event::Event;
use combat_components::identity::Identity;
use combat_components::ids::{SimId, Slot, Team};
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Yaw};
use combat_components::reason::Reason;
use combat_components::score::Score;
use combat_components::vitals::Vitals;
use combat_systems::state::StateKind;

use crate::arena::{Arena, Plan};
use crate::invariants::parts;
use crate::{kinds, probes};

/// How long a blow counts.
const WINDOW_TICKS: u32 = 640;

const PLACES: [[i32; 3]; 3] = [[0, 0, 0], [2_000, 0, 0], [0, 0, 2_000]];

fn fighting(abilities: &[&str], players: u8) -> Arena {
    Arena::fighting(&probes::plan("deathmatch", &PLACES, abilities), players)
}

fn use_ability(arena: &mut Arena, slot: u8, index: u8) {
    let seq = arena.act(slot, Deed::Ability { index }, Yaw(0), Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(slot, seq), None, "{slot} uses ability {index}");
}

fn leave(arena: &mut Arena, slot: u8) {
    arena.input.push(Command::Leave { slot: Slot(slot), cause: LeaveCause::Left, request: None });
    arena.step();
}

fn score(arena: &mut Arena, slot: u8) -> Score {
    let id = arena.public(slot).id;
    parts::<Score>(arena, StateKind::Score)[&id]
}

/// Who dies in this tick, and by whom.
fn deaths(arena: &Arena) -> Vec<(SimId, Option<SimId>)> {
    let died = |event: &Event| match event {
        Event::Died { victim, by, .. } => Some((*victim, *by)),
        _ => None,
    };
    arena.output.events.iter().filter_map(died).collect()
}

/// How many ticks after `began` something hurts by `cause`, of the next so many.
fn hurts_after(arena: &mut Arena, cause: Cause, ticks: u32) -> Vec<u32> {
    let began = arena.tick();
    let mut after = Vec::new();
    for _ in 0..ticks {
        arena.step();
        let hurts = |event: &Event| matches!(event, Event::Damaged { cause: of, .. } if *of == cause);
        if arena.output.events.iter().any(hurts) {
            after.push(arena.tick() - began);
        }
    }
    after
}

#[test]
fn of_all_pellets_of_a_shot_that_strike_one_is_its_hit() {
    let mut arena = Arena::fighting(&kinds::plan("deathmatch", &PLACES[..2]), 2);
    arena.attack(0, 1);
    arena.step();
    let struck = |event: &&Event| matches!(event, Event::Damaged { .. });
    assert_eq!(arena.output.events.iter().filter(struck).count(), 8);
    let Score { shots, hits, damage_dealt, .. } = score(&mut arena, 0);
    assert_eq!((shots, hits, damage_dealt), (1, 1, 40_000), "all the damage, and one hit");
}

#[test]
fn what_somebody_began_is_his_deed_when_he_has_left_and_come_back() {
    let mut arena = fighting(&["kind = \"torch\"\neffect = 0\ncooldown_ms = 0"], 2);
    use_ability(&mut arena, 0, 0);
    arena.step();
    let before = score(&mut arena, 0).damage_dealt;
    leave(&mut arena, 0);
    arena.join(0, Team::NONE);
    assert_eq!(hurts_after(&mut arena, Cause::Effect(0), 200).len(), 3, "four times in sum");
    assert_eq!(arena.public(0).id, SimId(3), "another body");
    assert_eq!((before, score(&mut arena, 0).damage_dealt), (10_000, 40_000));
}

#[test]
fn his_own_blow_hurts_whoever_is_of_a_team_also_where_allies_are_spared() {
    for team in [Team::NONE, Team(1)] {
        let pyre = ["kind = \"pyre\"\npoints = 1_000\ncooldown_ms = 0"];
        let mut arena = Arena::new(&probes::plan("deathmatch", &PLACES, &pyre));
        [team, Team(2), team].into_iter().zip(0..).for_each(|(team, slot)| arena.join(slot, team));
        arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
        use_ability(&mut arena, 0, 0);
        assert_eq!(deaths(&arena), [(SimId(1), Some(SimId(1)))], "{team:?}");
    }
}

/// A blow of ten points and one of none.
const JABS: [&str; 2] =
    ["kind = \"jab\"\npoints = 10\ncooldown_ms = 0", "kind = \"jab\"\npoints = 0\ncooldown_ms = 0"];

#[test]
fn a_blow_that_takes_nothing_is_none_to_die_of_by_leaving() {
    for (struck_first, waits, expected) in [
        (true, 10, vec![(SimId(2), Some(SimId(1)))]),
        (true, WINDOW_TICKS, Vec::new()),
        (false, 10, Vec::new()),
    ] {
        let mut arena = fighting(&JABS, 3);
        if struck_first {
            use_ability(&mut arena, 0, 0);
        }
        arena.step_by(waits - 5);
        use_ability(&mut arena, 2, 1);
        arena.step_by(5);
        leave(&mut arena, 1);
        assert_eq!(deaths(&arena), expected, "struck first: {struck_first}, left after {waits} ticks");
    }
}

#[test]
fn an_allys_blow_is_hidden_by_an_enemys_only_while_that_one_counts() {
    for (between, killer) in [(WINDOW_TICKS, SimId(1)), (WINDOW_TICKS + 1, SimId(3))] {
        let plan = probes::plan("deathmatch", &PLACES, &JABS[..1]);
        let mut arena = Arena::new(&Plan { friendly_fire: true, ..plan });
        [1, 2, 2].into_iter().zip(0..).for_each(|(team, slot)| arena.join(slot, Team(team)));
        arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
        use_ability(&mut arena, 0, 0);
        arena.step_by(between - 1);
        use_ability(&mut arena, 2, 0);
        let hurt = parts::<Vitals>(&mut arena, StateKind::Vitals)[&SimId(2)];
        assert_eq!(hurt.last_hurt.map(|hurt| hurt.by), Some(killer), "after {between} ticks");
    }
}

#[test]
fn an_effect_acts_from_the_tick_after_it_began_on_until_its_duration_is_over() {
    let mut arena = fighting(&["kind = \"torch\"\neffect = 0\ncooldown_ms = 0"], 2);
    use_ability(&mut arena, 0, 0);
    assert_eq!(hurts_after(&mut arena, Cause::Effect(0), 300), [1, 33, 65, 97], "every 250 ms of a second");
}

#[test]
fn a_thing_acts_in_each_tick_after_the_one_in_which_it_was_placed_for_as_many_as_it_was_given() {
    let mut arena = fighting(&["kind = \"ember\"\nticks = 10\ncooldown_ms = 0"], 2);
    use_ability(&mut arena, 0, 0);
    let all: Vec<u32> = (1..=10).collect();
    assert_eq!(hurts_after(&mut arena, Cause::Ability(0), 30), all);
}

#[test]
fn a_death_by_ones_own_hand_is_nobodys_kill_also_with_another_body_than_when_it_was_begun() {
    let rules = [
        "kind = \"ember\"\nticks = 10_000\ncooldown_ms = 0",
        "kind = \"pyre\"\npoints = 129\ncooldown_ms = 0",
    ];
    let mut arena = Arena::fighting(&probes::plan("deathmatch", &PLACES[..2], &rules), 2);
    for _ in 0..100 {
        use_ability(&mut arena, 0, 0);
    }
    leave(&mut arena, 0);
    arena.join(0, Team::NONE);
    arena.step_by(3_000);
    let (own, other) = (score(&mut arena, 0), score(&mut arena, 1));
    assert!(own.deaths > 1 && other.deaths > 1, "{own:?} {other:?}");
    assert_eq!((own.kills, other.kills), (other.deaths, 0));
}

/// A blow that leaves one next to nothing, and the end of whoever does it.
const JAB_AND_PYRE: [&str; 2] =
    ["kind = \"jab\"\npoints = 140\ncooldown_ms = 0", "kind = \"pyre\"\npoints = 1_000\ncooldown_ms = 0"];

#[test]
fn to_die_by_ones_own_hand_denies_nobody_his_kill_while_his_blow_counts() {
    for (between, killer, kills) in [(WINDOW_TICKS, SimId(1), 1), (WINDOW_TICKS + 1, SimId(2), 0)] {
        let mut arena = fighting(&JAB_AND_PYRE, 2);
        use_ability(&mut arena, 0, 0);
        arena.step_by(between - 1);
        use_ability(&mut arena, 1, 1);
        assert_eq!(deaths(&arena), [(SimId(2), Some(killer))], "after {between} ticks");
        assert_eq!((score(&mut arena, 0).kills, score(&mut arena, 1).deaths), (kills, 1));
    }
}

#[test]
fn whose_blow_counts_is_the_modes_decision_also_for_a_kill() {
    let mut arena = Arena::fighting(&probes::plan("elimination", &PLACES, &JAB_AND_PYRE), 2);
    use_ability(&mut arena, 0, 0);
    use_ability(&mut arena, 1, 1);
    assert_eq!(deaths(&arena), [(SimId(2), Some(SimId(2)))], "in the studio's mode no blow counts later");
}

#[test]
fn of_two_allies_blows_the_newer_is_remembered() {
    let places: [[i32; 3]; 5] = std::array::from_fn(|place| [place as i32 * 2_000, 0, 0]);
    let plan = probes::plan("deathmatch", &places, &JABS[..1]);
    let mut arena = Arena::new(&Plan { friendly_fire: true, ..plan });
    [1, 2, 1, 2, 1].into_iter().zip(0..).for_each(|(team, slot)| arena.join(slot, Team(team)));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    let teams = parts::<Identity>(&mut arena, StateKind::Identity);
    let team = |slot: u8| teams[&SimId(u32::from(slot) + 1)].team;
    let allies: Vec<u8> = (1..5).filter(|slot| team(*slot) == team(0)).collect();
    assert_eq!(allies, [2, 4]);
    for slot in [2, 4] {
        use_ability(&mut arena, slot, 0);
        arena.step_by(20);
    }
    let id = arena.public(0).id;
    let hurt = parts::<Vitals>(&mut arena, StateKind::Vitals)[&id];
    assert_eq!(hurt.last_hurt.map(|hurt| hurt.by), Some(SimId(5)));
}

#[test]
fn who_has_left_has_the_kill_of_whoever_dies_by_his_own_hand_after_his_blow() {
    let mut arena = fighting(&JAB_AND_PYRE, 3);
    use_ability(&mut arena, 0, 0);
    leave(&mut arena, 0);
    use_ability(&mut arena, 1, 1);
    assert_eq!(deaths(&arena), [(SimId(2), Some(SimId(1)))]);
    let departed = &arena.sim.departed().0[0];
    assert_eq!((departed.id, departed.score.kills), (SimId(1), 1));
}

#[test]
fn an_ally_who_kills_denies_no_enemy_his_kill() {
    let plan = probes::plan("deathmatch", &PLACES, &["kind = \"jab\"\npoints = 80\ncooldown_ms = 0"]);
    let mut arena = Arena::new(&Plan { friendly_fire: true, ..plan });
    [1, 2, 2].into_iter().zip(0..).for_each(|(team, slot)| arena.join(slot, Team(team)));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    use_ability(&mut arena, 0, 0);
    use_ability(&mut arena, 2, 0);
    assert!(deaths(&arena).contains(&(SimId(2), Some(SimId(1)))), "{:?}", deaths(&arena));
    assert_eq!(score(&mut arena, 0).kills, 1);
}

#[test]
fn a_kind_that_has_no_things_places_none() {
    let rules =
        ["kind = \"litter\"\nticks = 100\ncooldown_ms = 0", "kind = \"torch\"\neffect = 1\ncooldown_ms = 0"];
    let mut arena = fighting(&rules, 2);
    use_ability(&mut arena, 0, 0);
    use_ability(&mut arena, 0, 1);
    arena.step_by(200);
    let things = arena.sim.describe(StateKind::Things, None);
    assert!(things.starts_with("Things { count: 0,"), "{things}");
}

#[test]
fn an_ability_without_a_cooldown_is_used_once_in_a_tick() {
    let mut arena = fighting(&["kind = \"jab\"\npoints = 1\ncooldown_ms = 0"], 2);
    for _ in 0..2 {
        let uses = [(); 3].map(|()| arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default()));
        arena.step();
        let refused = uses.map(|seq| arena.refusal(0, seq));
        assert_eq!(refused, [None, Some(Reason::OnCooldown), Some(Reason::OnCooldown)]);
    }
}
