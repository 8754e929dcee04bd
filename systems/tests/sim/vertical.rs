//! Vertical cheats: hovering, jumping twice, climbing walls, falling slowly or at once.

use combat_components::command::{Claim, Command, Deed};
use combat_components::ids::Slot;
use combat_components::map::{Map, Solid};
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::streams::Stream;
use combat_components::tick::Tick;
use combat_systems::sim::Sim;
use combat_systems::spatial::GROUND_PROBE_MM;

use crate::arena::{Arena, Plan};
use crate::maps;

/// The height of a jump under the default rules, in millimetres.
const JUMP_MM: i32 = 1_057;
/// Ticks of a whole jump from and to the same height, and of the bank.
const FLIGHT_TICKS: u32 = 84;
const BANK_TICKS: u32 = 37;

struct Cheat {
    arena: Arena,
    client_tick: u32,
    slot: u8,
}

impl Cheat {
    /// At the origin of a plain with more solids.
    fn among(solids: &[([i32; 3], [i32; 3])]) -> Self {
        let mut map = maps::plain(&[[0, 0, 0], [90_000, 0, 0]]);
        map.solids.extend(solids.iter().map(|(center, size)| maps::cuboid(*center, *size)));
        Self::on(map)
    }

    /// At the spawn point of a map that lies above the origin.
    fn on(map: Map) -> Self {
        Self::of(&Plan::on(map))
    }

    fn of(plan: &Plan) -> Self {
        let mut arena = Arena::fighting(plan, 2);
        let slot = u8::from(arena.at(0).x != 0);
        arena.step_by(60);
        Self { arena, client_tick: 100, slot }
    }

    fn at(&mut self) -> Vec3Mm {
        self.arena.at(self.slot)
    }

    /// Claims a displacement that takes so much of its own time; whether it was accepted.
    fn go(&mut self, ticks: u32, by: [i32; 3]) -> bool {
        self.go_round(ticks, &[], by)
    }

    /// Over some bends, each relative to where the body is.
    fn go_round(&mut self, ticks: u32, bends: &[[i32; 3]], by: [i32; 3]) -> bool {
        let claim = self.claim(ticks, bends, by);
        self.client_tick += ticks;
        self.arena.next_seq(self.slot);
        self.arena.input.push(Command::Claim { claim });
        self.arena.step();
        self.arena.displaced(self.slot).is_empty()
    }

    fn claim(&mut self, ticks: u32, bends: &[[i32; 3]], by: [i32; 3]) -> Claim {
        let own = self.arena.own(self.slot);
        let at = own.pose.at;
        let place = |[x, y, z]: [i32; 3]| Vec3Mm::new(at.x + x, at.y + y, at.z + z);
        Claim {
            slot: Slot(self.slot),
            input_seq: own.input_seq + 1,
            client_tick: self.client_tick + ticks,
            pose: Pose { at: place(by), ..Pose::default() },
            bends: bends.iter().copied().map(place).collect(),
            view_tick: Tick(0),
            pose_epoch: own.pose_epoch,
        }
    }

    fn rest(&mut self, ticks: u32) {
        self.arena.step_by(ticks);
    }

    /// The greatest rise that is accepted, found by halving; the body is lost to a correction when none is.
    fn rise_as_high_as_possible(&mut self, ticks: u32, forward_mm: i32) {
        let highest = self.highest_rise(ticks, forward_mm);
        self.go(ticks, [0, highest, -forward_mm]);
    }

    fn highest_rise(&mut self, ticks: u32, forward_mm: i32) -> i32 {
        let (mut low, mut high) = (-60 * ticks as i32 - 400, 52 * ticks as i32 + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match self.refusal_of(ticks, [0, middle, -forward_mm]) {
                Some(Reason::TooHigh) => high = middle,
                _ => low = middle,
            }
        }
        low
    }

    fn would_accept(&mut self, ticks: u32, by: [i32; 3]) -> bool {
        self.refusal_of(ticks, by).is_none()
    }

    fn refusal_of(&mut self, ticks: u32, by: [i32; 3]) -> Option<Reason> {
        self.refusal_round(ticks, &[], by)
    }

    /// Tries a claim on a copy of the world.
    fn refusal_round(&mut self, ticks: u32, bends: &[[i32; 3]], by: [i32; 3]) -> Option<Reason> {
        let claim = self.claim(ticks, bends, by);
        let mut keyframe = Vec::new();
        self.arena.sim.write_keyframe(&mut keyframe);
        let mut copy = Sim::restore(&self.arena.parts, &keyframe).expect("the keyframe is whole");
        let output = copy.step(&mut vec![Command::Claim { claim }]);
        output.verdicts.first().and_then(|verdict| verdict.reason)
    }
}

#[test]
fn hovering_ends_with_the_time_of_a_jump() {
    for (ticks, start_mm) in [(1, 51), (4, 190), (4, 100), (10, 400)] {
        let mut cheat = Cheat::among(&[]);
        assert!(cheat.go(ticks, [0, 0, 0]));
        cheat.rest(ticks - 1);
        assert!(cheat.go(ticks, [0, start_mm, 0]), "the jump itself is legal");
        let mut aloft = 0;
        while cheat.at().y > 45 {
            cheat.rest(ticks - 1);
            cheat.go(ticks, [0, 0, 0]);
            aloft += ticks;
            assert!(aloft <= FLIGHT_TICKS + ticks, "{aloft} ticks aloft at {start_mm} mm");
        }
    }
}

#[test]
fn no_rise_goes_higher_than_a_jump_whatever_the_rate_of_claims() {
    for ticks in [1, 2, 4, 9, 37] {
        let mut cheat = Cheat::among(&[]);
        assert!(cheat.go(4, [0, 0, 0]));
        cheat.rest(60);
        let mut top = 0;
        for _ in 0..200 / ticks {
            cheat.rest(ticks - 1);
            cheat.rise_as_high_as_possible(ticks, 0);
            top = top.max(cheat.at().y);
        }
        assert!(
            (JUMP_MM - 60..=JUMP_MM + GROUND_PROBE_MM).contains(&top),
            "{top} mm at {ticks} ticks a claim"
        );
    }
}

#[test]
fn a_second_jump_in_the_air_is_refused_and_changes_nothing_about_the_fall() {
    for second_after in [2, 5, 10, 15] {
        let mut cheat = Cheat::among(&[]);
        assert!(cheat.go(4, [0, 0, 0]));
        for claim in 0..second_after {
            let (a, b) = (height(claim * 4), height(claim * 4 + 4));
            cheat.rest(3);
            assert!(cheat.go(4, [0, b - a, 0]), "claim {claim}");
        }
        cheat.rest(3);
        let aloft = cheat.at();
        assert!(!cheat.go(4, [0, 193, 0]));
        assert_eq!(cheat.at(), aloft, "the correction neither lifts nor drops it");
        let (a, b) = (height(second_after * 4), height(second_after * 4 + 4));
        cheat.client_tick -= 4;
        assert!(cheat.go(4, [0, b - a, 0]), "its clock and its velocity are what they were");
    }
}

/// Millimetres above the ground after some ticks of a jump.
fn height(tick: i32) -> i32 {
    6_500 * tick / 128 - 20_000 * tick * tick / (2 * 128 * 128)
}

#[test]
fn tiny_steps_against_a_wall_climb_nothing() {
    let wall: &[_] = &[([0, 2_000, -850], [4_000, 4_000, 1_000])];
    for step in [[0, 1, 0], [0, 3, 0], [0, 20, 0], [0, 40, 0], [0, 100, 0], [0, 350, 0]] {
        let mut cheat = Cheat::among(wall);
        let mut top = 0;
        for _ in 0..400 {
            cheat.go(1, step);
            top = top.max(cheat.at().y);
        }
        assert!(top <= JUMP_MM + 2, "{top} mm by steps of {step:?}");
    }
}

/// Ledges a little too high for a jump, all around.
#[test]
fn nobody_gets_onto_a_ledge_that_a_jump_cannot_reach() {
    let ledge_mm = 1_400;
    let ledges: &[_] = &[
        ([0, ledge_mm / 2, -3_000], [12_000, ledge_mm, 4_000]),
        ([0, ledge_mm / 2, 3_000], [12_000, ledge_mm, 4_000]),
        ([3_000, ledge_mm / 2, 0], [4_000, ledge_mm, 12_000]),
        ([-3_000, ledge_mm / 2, 0], [4_000, ledge_mm, 12_000]),
    ];
    for seed in 0..if cfg!(debug_assertions) { 8 } else { 80 } {
        println!("seed {seed}");
        let mut stream = Stream::of(seed, 7);
        let mut cheat = Cheat::among(ledges);
        for _ in 0..1_500 {
            let ticks = [1, 2, 4, 4, 10, 36][stream.below(6) as usize];
            let side = |stream: &mut Stream| {
                (stream.below(2 * 51 * ticks + 1) as i32 - 51 * ticks as i32).clamp(-1_700, 1_700)
            };
            let rise = match stream.below(5) {
                0 => 350 + 51 * ticks as i32,
                1 => height(ticks as i32),
                2 => 51 * ticks as i32,
                3 => stream.below(400) as i32,
                _ => -(stream.below(200) as i32),
            };
            let (x, z) = (side(&mut stream), side(&mut stream));
            if stream.below(3) > 0 {
                cheat.rest(ticks - 1);
            }
            cheat.go(ticks, [x, rise, z]);
            let at = cheat.at();
            assert!(at.y < ledge_mm - 10, "stands at {at:?} on a ledge of {ledge_mm} mm");
        }
    }
}

#[test]
fn one_long_claim_does_not_lead_up_where_there_is_no_slope() {
    for (ledge_mm, expected) in [(1_000, true), (1_300, false), (2_000, false)] {
        let mut cheat = Cheat::among(&[([0, ledge_mm / 2, -2_400], [8_000, ledge_mm, 3_000])]);
        assert!(cheat.go(4, [0, 0, 0]));
        cheat.rest(60);
        let up = [0, ledge_mm, -400];
        assert_eq!(cheat.go_round(36, &[up], [0, ledge_mm, -1_500]), expected, "a ledge of {ledge_mm} mm");
    }
}

#[test]
fn a_gap_wider_than_a_jump_is_not_crossed() {
    for claim_ticks in [4, 12, 36] {
        let mut map = maps::plain(&[[0, 10_000, 0], [90_000, 0, 0]]);
        map.solids.push(maps::cuboid([0, 5_000, 0], [4_000, 10_000, 8_000]));
        let mut cheat = Cheat::on(map);
        assert!(cheat.go(4, [0, 0, 0]));
        for claim in 0..21 {
            cheat.rest(3);
            assert!(cheat.go(4, [0, 0, -(38 + 70 * claim).min(200)]), "up to the edge");
        }
        let mut furthest_mm = 0;
        for _ in 0..40 {
            let at = cheat.at();
            if at.y < 10_000 {
                break;
            }
            furthest_mm = -at.z;
            cheat.rest(claim_ticks - 1);
            cheat.rise_as_high_as_possible(claim_ticks, 50 * claim_ticks as i32);
        }
        // The edge, as far beyond it as a round bottom stands, and a whole jump at full speed.
        let legal_mm = 4_000 + 310 + 6_500 * 650 / 1_000;
        assert!(
            (legal_mm - 2_000..=legal_mm + 350).contains(&furthest_mm),
            "{furthest_mm} mm at {claim_ticks} ticks a claim, legal are {legal_mm}"
        );
    }
}

#[test]
fn a_slow_clock_delays_a_fall_by_the_bank_and_no_more() {
    for share in [2, 4, 10, 100] {
        let mut cheat = Cheat::among(&[]);
        assert!(cheat.go(4, [0, 0, 0]));
        cheat.rest(60);
        assert!(cheat.go(20, [0, height(20), 0]));
        let (mut aloft, mut own_ticks) = (0, 20);
        while cheat.at().y > 45 {
            let before = height(own_ticks);
            own_ticks += 1;
            cheat.go(1, [0, height(own_ticks) - before, 0]);
            cheat.rest(share - 1);
            aloft += share;
            assert!(aloft <= FLIGHT_TICKS + BANK_TICKS + share, "{aloft} ticks aloft");
        }
    }
}

#[test]
fn corrections_and_dashes_keep_nobody_in_the_air() {
    let mut cheat = Cheat::among(&[]);
    let (mut aloft, mut longest) = (0, 0);
    for tick in 0..900 {
        match tick % 3 {
            0 => cheat.rise_as_high_as_possible(4, 0),
            1 => {
                cheat.go(1, [0, 30_000, 0]);
            }
            _ => {
                cheat.arena.act(
                    cheat.slot,
                    Deed::Ability { index: 0 },
                    Yaw((tick * 7_919) as u16),
                    Pitch::default(),
                );
                cheat.rest(1);
            }
        }
        aloft = if cheat.at().y > 45 { aloft + 1 } else { 0 };
        longest = longest.max(aloft);
    }
    assert!(longest <= FLIGHT_TICKS + BANK_TICKS + 4, "{longest} ticks in the air");
}

#[test]
fn an_overdraft_with_every_claim_lifts_a_jump_no_higher() {
    let top_mm = |overdraws: bool| {
        let mut cheat = Cheat::among(&[]);
        assert!(cheat.go(4, [0, 0, 0]));
        cheat.rest(60);
        let (mut top, mut overdrafts) = (0, 0);
        for _ in 0..FLIGHT_TICKS / 2 {
            let highest = cheat.highest_rise(1, 0);
            if overdraws {
                let mut overdraft = cheat.claim(100_000, &[], [0, highest, 0]);
                overdraft.input_seq += 1;
                let rise = cheat.claim(1, &[], [0, highest, 0]);
                cheat.arena.input.push(Command::Claim { claim: rise });
                cheat.arena.input.push(Command::Claim { claim: overdraft });
                cheat.client_tick += 1;
                cheat.rest(1);
                overdrafts += u32::from(cheat.arena.displaced(cheat.slot) == [Reason::BankOverdrawn]);
            } else {
                cheat.go(1, [0, highest, 0]);
            }
            top = top.max(cheat.at().y);
        }
        assert_eq!(overdrafts > 20, overdraws, "{overdrafts} overdrafts");
        top
    };
    let honest_mm = top_mm(false);
    assert!((JUMP_MM - 5..=JUMP_MM + 2).contains(&honest_mm), "{honest_mm} mm");
    assert!(top_mm(true) <= honest_mm, "{} mm instead of {honest_mm}", top_mm(true));
}

#[test]
fn a_jump_is_not_cut_short_by_falling_at_terminal_speed() {
    let mut cheat = Cheat::among(&[]);
    assert!(cheat.go(4, [0, 0, 0]));
    cheat.rest(60);
    assert!(cheat.go(30, [0, height(30), 0]));
    cheat.rest(3);
    assert!(!cheat.would_accept(4, [0, -height(30), 0]), "a metre in 31 ms");
    assert!(cheat.would_accept(4, [0, -100, 0]), "what gravity allows");
}

#[test]
fn a_dash_in_the_air_may_be_answered_where_it_ended_and_the_fall_begins_there() {
    let mut cheat = Cheat::among(&[]);
    assert!(cheat.go(20, [0, height(20), 0]), "a jump");
    cheat.arena.act(cheat.slot, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    cheat.rest(1);
    assert!(cheat.at().y > 500 && cheat.at().z < -1_000, "the dash ends in the air");
    cheat.rest(12);
    assert!(cheat.go(1, [0, 0, 0]), "the first claim after a round trip says where it stands");
    assert!(!cheat.would_accept(8, [0, 0, 0]), "and from there it falls");
    assert!(cheat.would_accept(8, [0, -39, 0]));
}

#[test]
fn who_goes_silent_while_he_rises_falls_as_from_rest_since_his_last_claim() {
    let mut plan = Plan::on(maps::plain(&[[0, 0, 0], [90_000, 0, 0]]));
    plan.ruleset.movement.jump_speed_mm_per_s = 13_000;
    let mut cheat = Cheat::of(&plan);
    assert!(cheat.go(4, [0, 0, 0]));
    cheat.rest(60);
    let rise_mm = 13_000 * 20 / 128 - 20_000 * 20 * 20 / (2 * 128 * 128);
    assert!(cheat.go(20, [0, rise_mm, 0]), "a jump that goes on rising for half a second more");
    let claimed_at = cheat.arena.tick();
    while cheat.arena.displaced(cheat.slot).is_empty() {
        assert_eq!(cheat.at().y, rise_mm, "nothing moves it until the server takes it over");
        cheat.rest(1);
    }
    assert!(cheat.at().y > 0, "it is taken over in the air");
    while cheat.at().y > 0 {
        let ticks = i64::from(cheat.arena.tick() - claimed_at);
        let fallen_mm = 20_000 * ticks * ticks / (2 * 128 * 128);
        assert_eq!(i64::from(cheat.at().y), i64::from(rise_mm) - fallen_mm, "{ticks} ticks after its claim");
        cheat.rest(1);
    }
}

#[test]
fn over_a_void_nobody_stays_up_or_jumps_and_the_bounds_are_its_floor() {
    let mut map = maps::plain(&[[0, 0, 0], [90_000, 0, 0]]);
    map.solids.clear();
    map.solids.push(maps::cuboid([0, -500, 0], [4_000, 1_000, 4_000]));
    map.solids.push(maps::cuboid([90_000, -500, 0], [4_000, 1_000, 4_000]));
    let bottom_y = map.bounds.min.y;
    let mut cheat = Cheat::on(map);
    cheat.go(1, [0, 0, 0]);
    cheat.rest(60);
    let mut ahead_mm = 0;
    while cheat.at().x < 2_420 {
        ahead_mm = (ahead_mm + 30).min(180);
        assert!(cheat.go(4, [ahead_mm, 0, 0]), "it walks off the edge: {:?}", cheat.at());
        cheat.rest(3);
    }
    cheat.rest(FLIGHT_TICKS + BANK_TICKS);
    let mut top_y = cheat.at().y;
    assert!(top_y < -100, "{top_y}");
    for _ in 0..400 {
        for up in [400, 100, 0] {
            cheat.go(10, [0, up, 0]);
            cheat.rest(10);
        }
        assert!(cheat.at().y <= top_y.max(bottom_y + JUMP_MM + 50), "{:?}", cheat.at());
        top_y = cheat.at().y;
    }
    cheat.rest(FLIGHT_TICKS + 2 * BANK_TICKS);
    assert_eq!(cheat.at().y, bottom_y);
}

#[test]
fn no_bend_of_a_claim_leads_over_a_wall_that_a_jump_does_not() {
    for wall_mm in [1_100, 1_500, 3_000, 20_000] {
        for over_mm in [0, 10, 50, 1_000] {
            let mut cheat = Cheat::among(&[([0, wall_mm / 2, -600], [20_000, wall_mm, 100])]);
            assert!(cheat.go(4, [0, 0, 0]));
            cheat.rest(60);
            let top_mm = wall_mm + over_mm;
            for bends in [vec![[0, top_mm, 0], [0, top_mm, -1_100]], vec![[0, top_mm, -550]]] {
                assert!(!cheat.go_round(36, &bends, [0, 0, -1_100]), "over {wall_mm} mm by {bends:?}");
                cheat.client_tick -= 36;
            }
        }
    }
}

#[test]
fn no_bend_of_a_claim_leads_through_a_pit_beneath_a_wall() {
    let mut map = maps::plain(&[[-50, 0, 0], [90_000, 0, 0]]);
    map.solids = vec![
        maps::cuboid([-1_500, -500, 0], [3_000, 1_000, 4_000]),
        maps::cuboid([2_940, -500, 0], [3_000, 1_000, 4_000]),
        maps::cuboid([90_000, -500, 0], [4_000, 1_000, 4_000]),
        maps::cuboid([720, 3_000, 0], [10, 6_400, 4_000]),
    ];
    for down_mm in [2_050, 2_200] {
        let mut cheat = Cheat::on(map.clone());
        cheat.go(4, [0, 0, 0]);
        cheat.rest(60);
        assert_eq!(cheat.at(), Vec3Mm::new(-50, 0, 0));
        let bends = [[410, 0, 0], [410, -down_mm, 0], [1_130, -down_mm, 0], [1_130, 0, 0]];
        assert_eq!(
            cheat.refusal_round(36, &bends, [1_550, 0, 0]),
            Some(Reason::TooHigh),
            "{down_mm} mm deep"
        );
    }
}

#[test]
fn no_way_is_so_long_that_its_end_goes_unjudged() {
    let mut plan = Plan::on(maps::plain(&[[0, 0, 0], [90_000, 0, 0]]));
    plan.ruleset.body.radius_mm = 100;
    let movement = &mut plan.ruleset.movement;
    movement.step_height_mm = 100;
    (movement.speed_mm_per_s, movement.acceleration_mm_per_s2) = (50_000, 1_000_000);
    (movement.jump_speed_mm_per_s, movement.terminal_speed_mm_per_s) = (20_000, 60_000);
    movement.gravity_mm_per_s2 = 1_000;
    let mut cheat = Cheat::of(&plan);
    assert!(cheat.go(4, [0, 0, 0]));
    cheat.rest(60);
    // Two jumps as high as they can be are 244 of 256 points; from there nothing leads up.
    let bends = [[2_600, 5_500, 0], [5_200, 0, 0], [7_800, 5_500, 0], [10_400, 0, 0]];
    assert_eq!(cheat.refusal_round(36, &bends[..1], [5_200, 0, 0]), None);
    for (end_mm, expected) in [(15_000, Reason::TooFast), (0, Reason::TooFast)] {
        assert_eq!(cheat.refusal_round(36, &bends, [13_000, end_mm, 0]), Some(expected), "{end_mm} mm up");
    }
}

/// A wedge whose western face leans back by so many thousandths of its height, its foot at x = 400.
fn steep(lean: i32) -> Map {
    let mut map = maps::plain(&[[0, 0, 0], [90_000, 0, 0]]);
    let height_mm = 20_000;
    let top_x = 400 + height_mm * lean / 1_000;
    let points = [-4_000, 4_000].into_iter().flat_map(|z| {
        [[400, 0], [6_000, 0], [top_x, height_mm], [6_000, height_mm]].map(|[x, y]| Vec3Mm::new(x, y, z))
    });
    map.solids.push(Solid::Hull { points: points.collect() });
    map
}

#[test]
fn silence_on_a_slope_too_steep_to_stand_on_gives_no_new_jump() {
    let mut hung = 0;
    for lean in [158, 123, 87, 70, 52, 35, 17] {
        let mut cheat = Cheat::on(steep(lean));
        assert!(cheat.go(4, [0, 0, 0]));
        cheat.rest(60);
        let nearest_mm = |cheat: &Cheat, y: i32| {
            let is_free = |x: &i32| !cheat.arena.level().overlaps(Vec3Mm::new(*x, y, 0));
            (0..2_000).take_while(is_free).last().unwrap_or(0)
        };
        assert!(cheat.go(20, [0, height(20), 0]));
        cheat.rest(19);
        let onto_mm = nearest_mm(&cheat, height(40));
        let by = [onto_mm, height(40) - height(20), 0];
        assert_eq!(cheat.refusal_of(20, by), None, "{lean}: a jump onto the face by {by:?}");
        assert!(cheat.go(20, by));
        for _ in 0..6 {
            cheat.rest(2 * BANK_TICKS);
            let at = cheat.at();
            let carries = cheat.arena.level().grounded(at);
            hung += u32::from(at.y > 0 && !carries);
            let jumps = cheat.highest_rise(8, 0) > 100;
            assert_eq!(jumps, carries, "{lean} thousandths: at {at:?}");
        }
    }
    assert!(hung >= 12, "{hung}: at least two of the slopes hold a body up without carrying it");
}

#[test]
fn a_body_that_hangs_is_told_so_once_and_falls_on_from_rest_with_its_next_claim() {
    for lean in [52, 35] {
        let mut cheat = Cheat::on(steep(lean));
        assert!(cheat.go(4, [0, 0, 0]));
        cheat.rest(60);
        assert!(cheat.go(20, [0, height(20), 0]));
        cheat.rest(19);
        let is_free = |x: &i32| !cheat.arena.level().overlaps(Vec3Mm::new(*x, height(40), 0));
        let onto_mm = (0..2_000).take_while(is_free).last().expect("the face is in the way");
        let sunk = |at: &Vec3Mm| cheat.arena.level().ground_below(*at).filter(|below| below.y < at.y);
        let highest = Vec3Mm::new(onto_mm, height(40), 0);
        let hangs_at = std::iter::successors(Some(highest), sunk).last().expect("the face holds it up");
        assert!(!cheat.arena.level().grounded(hangs_at) && hangs_at.y > 1_000, "{lean}: {hangs_at:?}");
        assert!(cheat.go(20, [onto_mm, hangs_at.y - height(20), 0]), "{lean}: a jump onto the face");
        let (mut epochs, mut displaced) = (Vec::new(), Vec::new());
        for _ in 0..3 * BANK_TICKS + 3 {
            cheat.rest(1);
            displaced.extend(cheat.arena.displaced(cheat.slot));
            epochs.push(cheat.arena.own(cheat.slot).pose_epoch);
        }
        assert_eq!(displaced, [Reason::Silent], "{lean}: once in three banks");
        epochs.dedup();
        assert_eq!(epochs.len(), 2, "{lean}: the epoch rises with it and never again: {epochs:?}");
        assert_eq!(cheat.at(), hangs_at, "{lean}: it hangs");
        for fallen_ticks in [0, 8, 16, 24] {
            let fallen_mm = |ticks: i32| 20_000 * ticks * ticks / (2 * 128 * 128);
            let sunk_mm = fallen_mm(fallen_ticks + 8) - fallen_mm(fallen_ticks);
            assert!(cheat.go(8, [-60, -sunk_mm, 0]), "{lean}: falls on, after {fallen_ticks} ticks");
            for _ in 0..7 {
                cheat.rest(1);
                assert_eq!(cheat.arena.displaced(cheat.slot), [], "{lean}: after {fallen_ticks} ticks");
            }
        }
    }
}

#[test]
fn how_far_a_way_leads_down_is_judged_by_its_length_over_all_bends() {
    const TICKS: u32 = 30;
    let mut map = maps::plain(&[[0, 6_000, 0], [90_000, 0, 0]]);
    map.solids.push(maps::cuboid([-900, 3_000, 0], [2_000, 6_000, 4_000]));
    let mut cheat = Cheat::on(map);
    assert!(cheat.go(4, [0, 0, 0]));
    cheat.rest(60);
    let movement = &cheat.arena.parts.ruleset.movement;
    let (gravity, step_mm) = (i64::from(movement.gravity_mm_per_s2), movement.step_height_mm);
    let over_an_edge = (2 * gravity * i64::from(step_mm) * 1_000_000).isqrt() as i32;
    let fallen_mm = (cheat.arena.sim.rules().movement.fallen_um(over_an_edge, TICKS) / 1_000) as i32;
    // Level over the edge, where it bends, and down on the other side of it: 500 and 200 mm along the ground.
    let mut refusal = |down_mm: i32| cheat.refusal_round(TICKS, &[[500, 0, 0]], [700, -down_mm, 0]);
    let deepest_mm = fallen_mm + step_mm + 700;
    assert_eq!(refusal(deepest_mm), None);
    assert_eq!(refusal(deepest_mm + 3), Some(Reason::FallsTooFast));
}

#[test]
fn who_leaves_the_ground_before_a_bend_has_flown_since_then() {
    let next_rise_mm = |bends: &[[i32; 3]]| {
        let mut cheat = Cheat::among(&[]);
        assert!(cheat.go(4, [0, 0, 0]));
        cheat.rest(60);
        assert!(cheat.go_round(30, bends, [900, 100, 0]), "{bends:?}");
        cheat.rest(8);
        cheat.highest_rise(8, 0)
    };
    let straight_mm = next_rise_mm(&[]);
    assert_eq!(next_rise_mm(&[[600, 67, 0]]), straight_mm, "the points of the way are the same");
    assert_eq!(next_rise_mm(&[[300, 33, 0], [600, 67, 0]]), straight_mm);
}
