//! Hashes: those of every tick are those of the state after it, whatever was hashed before, and of no other session.

use combat_components::ids::SessionId;
use combat_components::setup::{ContentHash, Seed, SessionSetup};
use combat_components::streams::Stream;
use combat_components::tick::Tick;
use combat_systems::output::{NOT_KEPT, TickOutput};
use combat_systems::sim::{Sim, SimParts};
use combat_systems::state::StateKind;
use xxhash_rust::xxh3::xxh3_64;

use crate::arena::{Arena, Plan};
use crate::invariants::{self, Happened, Legs, SLOTS};
use crate::{kinds, maps, probes};

const TICKS: u32 = if cfg!(debug_assertions) { 1_500 } else { 6_000 };
/// How often a restored world is asked as well; no period of the matches has this length.
const RESTORED_EVERY_TICKS: u32 = 7;

/// Every hash of a kind is that of its canonical bytes; of rings, which are hashed by their newest entry, it is kept at all.
fn check_sub_hashes(arena: &mut Arena) {
    for kind in StateKind::ALL {
        let found = arena.output.sub_hashes[kind as usize];
        let is_ring = matches!(kind, StateKind::RecentClaims | StateKind::History);
        assert_eq!(found != NOT_KEPT, arena.sim.keeps(kind), "tick {}: {}", arena.tick(), kind.name());
        if arena.sim.keeps(kind) && !is_ring {
            let bytes: Vec<u8> = arena.sim.canonical(kind).into_iter().flat_map(|(_, bytes)| bytes).collect();
            assert_eq!(found, xxh3_64(&bytes), "tick {}: {} is stale", arena.tick(), kind.name());
        }
    }
}

fn check_same(restored: &TickOutput, live: &TickOutput) {
    for kind in StateKind::ALL {
        let [restored, expected] = [restored, live].map(|output| output.sub_hashes[kind as usize]);
        assert_eq!(restored, expected, "tick {}: {}", live.tick.0, kind.name());
    }
    assert_eq!(restored, live);
}

/// What random matches must bring for the hashes of all kinds to have changed and stood.
#[derive(Debug, Default)]
struct Seen {
    effects_begun: u32,
    effects_over: u32,
    members_changed_while_none: u32,
    departed: u32,
    things: u32,
    kept: u32,
}

impl Seen {
    fn note(&mut self, before: &[u64], arena: &Arena) {
        let changed =
            |kind: StateKind| u32::from(before[kind as usize] != arena.output.sub_hashes[kind as usize]);
        self.departed += changed(StateKind::Departed);
        self.things += changed(StateKind::Things);
        self.kept += changed(StateKind::Mode);
    }
}

fn random_match(plan: &Plan, seed: u64, seen: &mut Seen) {
    let mut arena = Arena::new(plan);
    let mut stream = Stream::of(seed, 4_321);
    let mut legs: [Option<Legs>; SLOTS as usize] = std::array::from_fn(|_| None);
    let mut again = Sim::new(&arena.parts).expect("the plan is sound");
    let mut keyframe = Vec::new();
    for _ in 0..TICKS {
        invariants::walk(&mut arena, &mut legs, &mut stream, &mut Happened::default());
        invariants::stir(&mut arena, &mut stream);
        let asks = arena.tick().is_multiple_of(RESTORED_EVERY_TICKS);
        if asks {
            keyframe.clear();
            arena.sim.write_keyframe(&mut keyframe);
            again.return_to(&keyframe).expect("a keyframe of this session");
            again.step(&mut arena.input);
        }
        let before = arena.output.sub_hashes;
        let had_effects = has_effects(&mut arena);
        let players = arena.sim.player_count();
        arena.step();
        if asks {
            check_same(again.output(), &arena.output);
        }
        check_sub_hashes(&mut arena);
        seen.note(&before, &arena);
        let has_effects = has_effects(&mut arena);
        seen.effects_begun += u32::from(has_effects && !had_effects);
        seen.effects_over += u32::from(!has_effects && had_effects);
        seen.members_changed_while_none +=
            u32::from(!has_effects && !had_effects && arena.sim.player_count() != players);
    }
}

fn has_effects(arena: &mut Arena) -> bool {
    arena.sim.canonical(StateKind::Effects).iter().any(|(_, bytes)| bytes.iter().any(|byte| *byte != 0))
}

#[test]
fn after_every_tick_of_random_matches_each_hash_is_that_of_the_state_as_it_is() {
    let places = [[-4_000, 0, -4_000], [4_000, 0, -4_000], [-4_000, 0, 4_000], [4_000, 0, 4_000], [0, 0, 0]];
    let mut seen = Seen::default();
    for seed in 0..8 {
        println!("seed {seed}");
        random_match(&invariants::plan(seed), seed, &mut Seen::default());
        let mode = ["deathmatch", "best-of-three", "elimination"][(seed % 3) as usize];
        let probes = [
            "kind = \"torch\"\neffect = 0\ncooldown_ms = 500",
            "kind = \"ember\"\nticks = 100\ncooldown_ms = 3_000",
        ];
        let plan = probes::plan(mode, &places, &probes).seeded(seed);
        random_match(&plan, seed, &mut seen);
        random_match(&kinds::plan(mode, &places).seeded(seed), seed, &mut seen);
    }
    println!("{seen:?}");
    let Seen { effects_begun, effects_over, members_changed_while_none, departed, things, kept } = seen;
    assert!(effects_begun > 10 && effects_over > 10 && members_changed_while_none > 10, "{seen:?}");
    assert!(departed > 10 && things > 1_000 && kept > 0, "{seen:?}");
}

/// What a session is set up with, changed in one thing.
type Change = (&'static str, fn(&mut SessionSetup));

#[test]
fn every_root_is_that_of_its_session_and_of_no_other() {
    let changes: [Change; 10] = [
        ("session", |setup| setup.session = SessionId([8; 16])),
        ("seed", |setup| setup.seed = Seed(2)),
        ("mode", |setup| setup.mode = "duel".into()),
        ("players", |setup| setup.max_players -= 1),
        ("friendly fire", |setup| setup.friendly_fire = true),
        ("time limit", |setup| setup.time_limit = Tick(999)),
        ("score limit", |setup| setup.score_limit = 9),
        ("map", |setup| setup.map_hash = ContentHash([1; 32])),
        ("ruleset", |setup| setup.ruleset_hash = ContentHash([1; 32])),
        ("limits", |setup| setup.limits.blow_counts_ms_max += 1),
    ];
    let first_tick = |parts: &SimParts| {
        let mut sim = Sim::new(parts).expect("the setup is sound");
        sim.step(&mut Vec::new()).clone()
    };
    let parts = Plan::on(maps::duel_box()).parts();
    let expected = first_tick(&parts);
    assert_eq!(first_tick(&parts), expected);
    for (what, change) in changes {
        let mut other = parts.clone();
        change(&mut other.setup);
        let found = first_tick(&other);
        assert_ne!(found.root, expected.root, "{what}");
        assert_eq!(found.sub_hashes == expected.sub_hashes, what != "seed", "{what}: the state is the same");
    }
}
