//! The wait for players after a restart: who is waited for, and what stands still meanwhile.

use std::collections::BTreeMap;

use combat_components::canon::{ITEM, Traced};
use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::{Epoch, SimId, Slot, Team};
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Yaw};
use combat_components::reason::Reason;
use combat_systems::state::StateKind;

use crate::arena::Arena;
use crate::probes;

const ABILITIES: [&str; 3] = [
    "kind = \"torch\"\neffect = 0\ncooldown_ms = 10_000",
    "kind = \"ember\"\nticks = 2_000\ncooldown_ms = 0",
    "kind = \"jab\"\npoints = 1_000\ncooldown_ms = 0",
];

/// Four over sockets, of teams 1, 2, 1 and 2, in a match of rounds that is on.
fn four() -> Arena {
    let places = [[-2_000, 0, 0], [2_000, 0, 0], [-2_000, 0, 2_000], [2_000, 0, 2_000]];
    let mut plan = probes::plan("elimination", &places, &ABILITIES);
    plan.ruleset.matches.respawn_ms = 2_000;
    plan.ruleset.weapons[0].draw_ms = 1_000;
    plan.ruleset.weapons.iter_mut().for_each(|weapon| weapon.fire_interval_ms = 2_000);
    let mut arena = Arena::new(&plan);
    for slot in 0..4 {
        arena.join_by_socket(slot);
        for command in &mut arena.input {
            if let Command::Join { slot: Slot(of), team, .. } = command {
                *team = Team(1 + *of % 2);
            }
        }
    }
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    arena
}

fn act(arena: &mut Arena, slot: u8, deed: Deed) {
    let seq = arena.act(slot, deed, Yaw(0), Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(slot, seq), None, "{slot}: {deed:?}");
}

/// A match in which something is due of every sort there is.
fn with_everything_due() -> Arena {
    let mut arena = four();
    act(&mut arena, 3, Deed::Switch { index: 1 });
    act(&mut arena, 3, Deed::Attack);
    act(&mut arena, 3, Deed::Switch { index: 0 });
    act(&mut arena, 3, Deed::Ability { index: 0 });
    leave(&mut arena, 3);
    act(&mut arena, 1, Deed::Ability { index: 0 });
    act(&mut arena, 0, Deed::Ability { index: 1 });
    act(&mut arena, 0, Deed::Ability { index: 2 });
    act(&mut arena, 0, Deed::Attack);
    act(&mut arena, 0, Deed::Reload);
    act(&mut arena, 0, Deed::Ability { index: 0 });
    act(&mut arena, 2, Deed::Switch { index: 1 });
    act(&mut arena, 2, Deed::Switch { index: 0 });
    arena
}

fn leave(arena: &mut Arena, slot: u8) {
    arena.input.push(Command::Leave { slot: Slot(slot), cause: LeaveCause::Left, request: None });
    arena.step();
}

fn restart(arena: &mut Arena, epoch: u32) {
    arena.input.push(Command::Resumed { epoch: Epoch(epoch) });
    arena.step();
}

fn everybody_comes_back(arena: &mut Arena) {
    let slots: Vec<Slot> = arena.sim.members().map(|(_, identity, _)| identity.slot).collect();
    arena.input.extend(slots.into_iter().map(|slot| Command::Connected { slot }));
    arena.step();
    assert!(arena.output.events.contains(&Event::PlayGoesOn));
}

/// What becomes of a tick in the state when play has waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Moved on by as many ticks as play has waited: what wears a body down or ends the match.
    StandsStill,
    /// As it was, though it was still to come: what readies a body.
    RunsOn,
    /// As it was: the past, and the clocks of those who have claimed nothing since.
    Stays,
    /// By the restart or by the return of the players.
    IsSetAnew,
}

const TICKS_OF_STATE: [(&str, Then); 27] = [
    ("MatchState.phase_ends_at", Then::StandsStill),
    ("Vitals.last_hurt.at", Then::StandsStill),
    ("Effects.acts_at", Then::StandsStill),
    ("Effects.ends_at", Then::StandsStill),
    ("Things.placed.since", Then::StandsStill),
    ("Things.placed.ends_at", Then::StandsStill),
    ("MatchState.next_round_at", Then::RunsOn),
    ("Vitals.respawn_at", Then::RunsOn),
    ("Arms.ready_at", Then::RunsOn),
    ("Arms.drawn_at", Then::RunsOn),
    ("Arms.reloaded_at", Then::RunsOn),
    ("Cooldowns.ready_at", Then::RunsOn),
    ("DepartedPlayers.kept.arms.ready_at", Then::RunsOn),
    ("DepartedPlayers.kept.arms.drawn_at", Then::RunsOn),
    ("DepartedPlayers.kept.cooldowns.ready_at", Then::RunsOn),
    ("DepartedPlayers.refused_at", Then::Stays),
    ("ClaimState.refused_at", Then::Stays),
    ("ClaimState.bank_origin", Then::Stays),
    ("ClaimState.client_tick", Then::Stays),
    ("ClaimState.falls_at", Then::Stays),
    ("ClaimState.hold.since", Then::Stays),
    ("ClaimState.hold.until", Then::Stays),
    ("ClaimState.pose_since", Then::Stays),
    ("Body.intrusion.placed_at", Then::Stays),
    ("Link.snapshot_at", Then::Stays),
    ("MatchState.resuming_since", Then::IsSetAnew),
    ("Link.changed_at", Then::IsSetAnew),
];

fn then(path: &str) -> Then {
    let listed = TICKS_OF_STATE.iter().find(|(listed, _)| *listed == path);
    listed.unwrap_or_else(|| panic!("{path}: does it stand still in the wait?")).1
}

/// Kind and path, whose it is, and its name with its places in sequences.
type TickOf = (String, Option<SimId>, String);

/// Every tick in the state; but those in rings, which tell of what has been.
fn ticks_of_state(arena: &mut Arena) -> BTreeMap<TickOf, u32> {
    let is_tick = |name: &str| {
        name == "at" || ["_at", "since", "until", "_origin", "_tick"].iter().any(|end| name.ends_with(end))
    };
    let mut ticks = BTreeMap::new();
    for kind in StateKind::ALL {
        if matches!(kind, StateKind::History | StateKind::RecentClaims) {
            continue;
        }
        for (id, bytes) in arena.sim.canonical(kind) {
            let mut note = |traced: Traced<'_>| {
                let names: Vec<&str> = traced.path.iter().copied().filter(|name| *name != ITEM).collect();
                if names.last().is_some_and(|name| is_tick(name)) {
                    let path = format!("{}.{}", kind.name(), names.join("."));
                    let tick = format!("{:?}", traced.value).parse().expect("a tick is a number");
                    ticks.insert((path, id, traced.name()), tick);
                }
            };
            kind.trace(&bytes, &mut note).expect("the state is canonical");
        }
    }
    ticks
}

#[test]
fn what_readies_a_body_goes_on_in_the_wait_and_what_wears_it_down_or_ends_the_match_stands_still() {
    const WAITED_TICKS: u32 = 60;
    for restarts_again_after in [None, Some(20)] {
        let mut arena = with_everything_due();
        let before = ticks_of_state(&mut arena);
        restart(&mut arena, 2);
        let began = arena.tick();
        if let Some(ticks) = restarts_again_after {
            arena.step_by(ticks - 1);
            restart(&mut arena, 3);
        }
        arena.step_by(began + WAITED_TICKS - 1 - arena.tick());
        everybody_comes_back(&mut arena);
        assert_eq!(arena.tick() - began, WAITED_TICKS);
        let after = ticks_of_state(&mut arena);
        let mut due = Vec::new();
        for (tick @ (path, ..), before) in &before {
            let then = then(path);
            let expected = match then {
                Then::StandsStill => Some(*before + WAITED_TICKS + 1),
                Then::RunsOn | Then::Stays => Some(*before),
                Then::IsSetAnew => after.get(tick).copied(),
            };
            assert_eq!(after.get(tick).copied(), expected, "{tick:?}: {then:?}, {restarts_again_after:?}");
            if then != Then::RunsOn || *before > arena.tick() {
                due.push(path.clone());
            }
        }
        let missing = TICKS_OF_STATE.iter().find(|(path, _)| !due.iter().any(|due| due == path));
        assert_eq!(missing, None, "nothing of it is due");
    }
}

#[test]
fn a_session_that_everybody_has_left_waits_as_long_as_one_in_which_nobody_comes_back() {
    for is_empty in [false, true] {
        let mut arena = four();
        if is_empty {
            (0..4).for_each(|slot| leave(&mut arena, slot));
        }
        restart(&mut arena, 2);
        let began = arena.tick();
        arena.until("play goes on", |arena| arena.output.events.contains(&Event::PlayGoesOn));
        assert_eq!(arena.tick() - began, arena.sim.rules().resuming_ticks_max, "empty: {is_empty}");
    }
}

#[test]
fn a_restart_tells_every_body_where_it_stands_and_how_fast_it_is() {
    let mut arena = four();
    restart(&mut arena, 2);
    for slot in 0..4 {
        assert_eq!(arena.displaced(slot), [Reason::Reconnected], "slot {slot}");
    }
}
