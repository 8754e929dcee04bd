//! Attacks: what they may follow, when they are refused, whom they strike and how much it hurts.

use combat_components::command::{Command, Deed};
use combat_components::event::Event;
use combat_components::ids::{SimId, Team};
use combat_components::phase::{EndReason, Winner};
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::verdict::{Hit, Zone};

use crate::arena::{Arena, Plan, look};
use crate::maps;

/// Two players 10 m apart on a plain, with a weapon that shoots straight.
fn range_plan() -> Plan {
    let mut plan = Plan::on(maps::plain(&[[-5_000, 0, 0], [5_000, 0, 0]]));
    plan.ruleset.weapons[0].own.set("spread_turn", 0);
    plan
}

fn hit_of(arena: &Arena, slot: u8, seq: u32) -> Option<Hit> {
    arena.verdict(slot, seq).expect("every attack has a verdict").hit
}

/// Damage in thousandths of a point of one attack at a point above the other's feet.
fn damage_at(arena: &mut Arena, up_mm: i32) -> Option<(Zone, i32)> {
    let aim = arena.aim(0, 1, up_mm);
    let seq = arena.act_after(0, 0, Deed::Attack, aim);
    arena.step();
    hit_of(arena, 0, seq).map(|hit| (hit.zone, hit.amount.0))
}

#[test]
fn an_attack_is_fired_from_the_pose_of_the_claim_it_follows() {
    let mut arena = Arena::fighting(&range_plan(), 2);
    let start = arena.at(0);
    arena.step_by(40);
    let here = Vec3Mm { z: start.z + 150, ..start };
    let followed = arena.claim(0, 100, here);
    arena.step_by(4);
    arena.claim(0, 104, Vec3Mm { z: start.z + 300, ..start });
    let seq = arena.act_after(0, followed, Deed::Attack, (Yaw(0), Pitch::default()));
    arena.step();
    assert_eq!(arena.refusal(0, seq), None);
    let from = arena.output.events.iter().find_map(|event| match event {
        Event::Shot { from, .. } => Some(*from),
        _ => None,
    });
    let eye_mm = arena.parts.ruleset.body.eye_height_mm;
    assert_eq!(from, Some(Vec3Mm { y: here.y + eye_mm, ..here }));
}

#[test]
fn an_attack_may_follow_a_claim_for_250_ms_and_no_longer() {
    let mut arena = Arena::fighting(&range_plan(), 2);
    let start = arena.at(0);
    arena.step_by(40);
    let followed = arena.claim(0, 100, start);
    arena.step();
    arena.step_by(31);
    let aim = (Yaw(0), Pitch::default());
    let in_time = arena.act_after(0, followed, Deed::Attack, aim);
    arena.step();
    assert_eq!(arena.refusal(0, in_time), None);
    let too_late = arena.act_after(0, followed, Deed::Attack, aim);
    arena.step();
    assert_eq!(arena.refusal(0, too_late), Some(Reason::StaleInput));
    assert_eq!(arena.shots(), 0);
}

#[test]
fn an_attack_after_a_claim_of_an_older_pose_epoch_or_an_unknown_one_is_stale() {
    let mut arena = Arena::fighting(&range_plan(), 2);
    let start = arena.at(0);
    arena.step_by(40);
    let followed = arena.claim(0, 100, start);
    arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    arena.step();
    assert_eq!(arena.displaced(0), [Reason::Displaced]);
    for follows in [followed, 9_999, u32::MAX] {
        let seq = arena.act_after(0, follows, Deed::Attack, (Yaw(0), Pitch::default()));
        arena.step();
        assert_eq!(arena.refusal(0, seq), Some(Reason::StaleInput), "follows {follows}");
    }
    let refused_claim = arena.claim(0, 500, Vec3Mm { x: start.x + 9_000, ..start });
    arena.step();
    let seq = arena.act_after(0, refused_claim, Deed::Attack, (Yaw(0), Pitch::default()));
    arena.step();
    assert_eq!(arena.refusal(0, seq), Some(Reason::StaleInput));
}

#[test]
fn nobody_acts_while_the_match_waits_nor_after_it_has_ended() {
    let mut arena = Arena::new(&range_plan());
    arena.join(0, Team::NONE);
    arena.step();
    for deed in [Deed::Attack, Deed::Reload, Deed::Ability { index: 0 }] {
        let seq = arena.act(0, deed, Yaw(0), Pitch::default());
        arena.step();
        assert_eq!(arena.refusal(0, seq), Some(Reason::WrongPhase), "{deed:?}");
    }
    arena.join(1, Team::NONE);
    arena.step_by(10);
    arena.input.push(Command::End { reason: EndReason::Requested, request: None });
    let seq = arena.attack(0, 1);
    arena.step();
    assert_eq!(arena.refusal(0, seq), Some(Reason::WrongPhase));
}

#[test]
fn the_dead_do_not_act_and_stand_up_after_their_delay() {
    let mut plan = range_plan();
    plan.ruleset.weapons[0].own.set("damage_points", 1_000);
    let mut arena = Arena::fighting(&plan, 2);
    arena.attack(0, 1);
    arena.step();
    assert!(!arena.public(1).alive);
    let died_at = arena.tick();
    let before = arena.at(1);
    for deed in [Deed::Attack, Deed::Reload, Deed::Ability { index: 0 }] {
        let seq = arena.act(1, deed, Yaw(0), Pitch::default());
        arena.claim(1, 1_000 + arena.tick(), Vec3Mm { x: before.x + 20, ..before });
        arena.step();
        assert_eq!(arena.refusal(1, seq), Some(Reason::Dead), "{deed:?}");
    }
    assert_eq!(arena.at(1), before, "claims of the dead are dropped");
    arena.until("slot 1 stands up", |arena| arena.public(1).alive);
    assert_eq!(arena.tick() - died_at, 384, "3 s at 128 Hz");
    assert_eq!(arena.displaced(1), [Reason::Spawned]);
}

#[test]
fn the_rate_of_fire_is_kept_in_server_ticks() {
    let mut arena = Arena::fighting(&range_plan(), 2);
    let mut shots_at = Vec::new();
    for _ in 0..60 {
        let seq = arena.attack(0, 1);
        arena.step();
        match arena.refusal(0, seq) {
            None => shots_at.push(arena.tick()),
            Some(reason) => assert!(matches!(reason, Reason::OnCooldown | Reason::Dead), "{reason:?}"),
        }
    }
    assert!(shots_at.len() >= 4);
    assert!(shots_at.windows(2).all(|pair| pair[1] - pair[0] == 13), "100 ms are 13 ticks: {shots_at:?}");
}

#[test]
fn many_attacks_in_one_tick_are_one_shot() {
    let mut arena = Arena::fighting(&range_plan(), 2);
    let seqs: Vec<u32> = (0..8).map(|_| arena.attack(0, 1)).collect();
    arena.step();
    assert_eq!(arena.shots(), 1);
    let refused = seqs.iter().filter(|seq| arena.refusal(0, **seq) == Some(Reason::OnCooldown)).count();
    assert_eq!(refused, 7);
}

#[test]
fn an_empty_magazine_does_not_fire_until_it_is_reloaded() {
    let mut plan = range_plan();
    plan.ruleset.weapons[0].magazine_rounds = 2;
    let mut arena = Arena::fighting(&plan, 2);
    let sky = Pitch::new(Pitch::LIMIT).expect("the limit is allowed");
    let full = arena.act(0, Deed::Reload, Yaw(0), sky);
    arena.step();
    assert_eq!(arena.refusal(0, full), Some(Reason::MagazineFull));
    for _ in 0..2 {
        let seq = arena.act(0, Deed::Attack, Yaw(0), sky);
        arena.step();
        assert_eq!(arena.refusal(0, seq), None);
        arena.step_by(13);
    }
    let empty = arena.act(0, Deed::Attack, Yaw(0), sky);
    arena.step();
    assert_eq!(arena.refusal(0, empty), Some(Reason::MagazineEmpty));
    let reload = arena.act(0, Deed::Reload, Yaw(0), sky);
    arena.step();
    assert_eq!(arena.refusal(0, reload), None);
    let began = arena.tick();
    for deed in [Deed::Attack, Deed::Reload] {
        let seq = arena.act(0, deed, Yaw(0), sky);
        arena.step();
        assert_eq!(arena.refusal(0, seq), Some(Reason::Reloading), "{deed:?}");
    }
    arena.until("the magazine is full", |arena| arena.own(0).rounds > 0);
    assert_eq!(arena.tick() - began, 231, "1.8 s at 128 Hz");
    assert!(arena.output.events.contains(&Event::Reloaded { id: SimId(1), weapon: 0 }));
    let seq = arena.act(0, Deed::Attack, Yaw(0), sky);
    arena.step();
    assert_eq!(arena.refusal(0, seq), None);
}

#[test]
fn a_dash_has_its_cooldown_and_unknown_abilities_are_refused() {
    let mut arena = Arena::fighting(&range_plan(), 2);
    let before = arena.at(0);
    let dash = arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(0, dash), None);
    assert_eq!(arena.at(0), Vec3Mm { z: before.z - 5_000, ..before });
    let began = arena.tick();
    let mut again_at = None;
    for _ in 0..600 {
        let seq = arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
        arena.step();
        match arena.refusal(0, seq) {
            None => {
                again_at = Some(arena.tick());
                break;
            }
            Some(reason) => assert_eq!(reason, Reason::OnCooldown),
        }
    }
    assert_eq!(again_at, Some(began + 512), "4 s at 128 Hz");
    for index in [1, 3, 4, 255] {
        let seq = arena.act(0, Deed::Ability { index }, Yaw(0), Pitch::default());
        arena.step();
        assert_eq!(arena.refusal(0, seq), Some(Reason::UnknownAbility), "index {index}");
    }
}

#[test]
fn a_dash_without_room_is_refused_and_costs_nothing() {
    let mut map = maps::plain(&[[-5_000, 0, 0], [5_000, 0, 0]]);
    for x in [-5_000, 5_000] {
        map.solids.push(maps::cuboid([x, 1_000, -649], [2_000, 2_000, 600]));
    }
    let mut arena = Arena::fighting(&Plan::on(map), 2);
    let seq = arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(0, seq), Some(Reason::NoRoom));
    let other_way = arena.act(0, Deed::Ability { index: 0 }, Yaw(32_768), Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(0, other_way), None);
}

#[test]
fn head_and_body_take_their_shares_and_armour_absorbs_its_own() {
    let mut arena = Arena::fighting(&range_plan(), 2);
    assert_eq!(damage_at(&mut arena, 900), Some((Zone::Body, 18_000)));
    let body = arena.public(1);
    assert_eq!((body.health_points, body.armour_points), (93, 40), "60 % of 18 points go to the armour");
    arena.step_by(13);
    assert_eq!(damage_at(&mut arena, 1_660), Some((Zone::Head, 36_000)));
    arena.step_by(13);
    assert_eq!(damage_at(&mut arena, 1_900), None, "just above the head");
}

#[test]
fn damage_falls_with_distance_and_ends_with_reach() {
    for (distance_mm, expected) in
        [(20_000, Some(18_000)), (42_850, Some(14_400)), (80_000, Some(10_800)), (121_000, None)]
    {
        let mut plan = range_plan();
        plan.map = maps::plain(&[[0, 0, 0], [distance_mm, 0, 0]]);
        let mut arena = Arena::fighting(&plan, 2);
        let damage = damage_at(&mut arena, 900).map(|(_, amount)| amount);
        let near = |expected: i32| damage.is_some_and(|damage| (damage - expected).abs() <= 50);
        assert!(
            expected.map_or(damage.is_none(), near),
            "{distance_mm} mm: {damage:?}, expected {expected:?}"
        );
    }
}

#[test]
fn walls_stop_shots_and_what_shows_above_them_is_struck() {
    let mut plan = range_plan();
    plan.map.solids.push(maps::cuboid([0, 750, 0], [200, 1_500, 4_000]));
    let mut arena = Arena::fighting(&plan, 2);
    assert_eq!(damage_at(&mut arena, 900), None);
    let blocked_at = arena.output.events.iter().find_map(|event| match event {
        Event::Shot { to, struck: None, .. } => Some(to.x),
        _ => None,
    });
    assert!(blocked_at.is_some_and(|x| x.abs() <= 101), "the shot ends at the wall: {blocked_at:?}");
    arena.step_by(13);
    assert_eq!(damage_at(&mut arena, 1_660).map(|(zone, _)| zone), Some(Zone::Head));
}

#[test]
fn a_body_in_front_takes_the_shot_meant_for_the_one_behind() {
    let mut plan = range_plan();
    plan.map = maps::plain(&[[-5_000, 0, 0], [5_000, 0, 0], [0, 0, 0]]);
    let mut arena = Arena::fighting(&plan, 3);
    let by_x = |arena: &mut Arena| {
        let mut slots = [0, 1, 2];
        slots.sort_by_key(|slot| arena.at(*slot).x);
        slots
    };
    let [left, middle, right] = by_x(&mut arena);
    let seq = arena.attack(left, right);
    arena.step();
    assert_eq!(hit_of(&arena, left, seq).map(|hit| hit.victim), Some(arena.public(middle).id));
}

#[test]
fn allies_are_not_hurt_unless_the_session_allows_it_and_still_stop_shots() {
    for (friendly_fire, team, hurt) in
        [(false, Team(1), false), (true, Team(1), true), (false, Team(0), true), (false, Team(2), true)]
    {
        let corners = [[-5_000, 0, -5_000], [5_000, 0, -5_000], [-5_000, 0, 5_000], [5_000, 0, 5_000]];
        let mut arena = Arena::new(&Plan { friendly_fire, map: maps::plain(&corners), ..range_plan() });
        arena.join(0, if team == Team(2) { Team(1) } else { team });
        arena.join(2, Team(3));
        arena.join(1, team);
        arena.join(3, Team(3));
        arena.step_by(5);
        let seq = arena.attack(0, 1);
        arena.step();
        assert_eq!(arena.refusal(0, seq), None);
        let struck =
            arena.output.events.iter().any(|event| matches!(event, Event::Shot { struck: Some(_), .. }));
        assert!(struck, "the body stops the shot");
        assert_eq!(hit_of(&arena, 0, seq).is_some(), hurt, "friendly fire {friendly_fire}, {team:?}");
        assert_eq!(arena.public(1).health_points < 100, hurt);
    }
}

#[test]
fn a_shooter_struck_dead_in_the_same_tick_still_does_its_damage() {
    let mut plan = range_plan();
    plan.ruleset.weapons[0].own.set("damage_points", 1_000);
    for seed in 0..20 {
        let mut arena = Arena::fighting(&plan.clone().seeded(seed), 2);
        arena.attack(0, 1);
        arena.attack(1, 0);
        arena.step();
        let (first, second) = (arena.public(0), arena.public(1));
        assert!(!first.alive && !second.alive, "seed {seed}");
        assert_eq!([first.kills, first.deaths, second.kills, second.deaths], [1; 4]);
    }
}

#[test]
fn two_who_kill_the_same_body_in_one_tick_get_one_kill_between_them() {
    let mut plan = range_plan();
    plan.map = maps::plain(&[[-5_000, 0, 0], [5_000, 0, 0], [0, 0, 8_000]]);
    plan.ruleset.weapons[0].own.set("damage_points", 1_000);
    let mut wins = [0_u32; 2];
    for seed in 0..200 {
        let mut arena = Arena::fighting(&plan.clone().seeded(seed), 3);
        arena.attack(0, 2);
        arena.attack(1, 2);
        arena.step();
        let kills = [arena.public(0).kills, arena.public(1).kills];
        assert_eq!(kills[0] + kills[1], 1, "seed {seed}");
        assert_eq!(arena.public(2).deaths, 1);
        wins[usize::from(kills[1])] += 1;
        let died = arena.output.events.iter().filter(|event| matches!(event, Event::Died { .. })).count();
        assert_eq!(died, 1);
    }
    assert!(wins.iter().all(|wins| (70..=130).contains(wins)), "no slot is favoured: {wins:?}");
}

#[test]
fn two_shots_of_one_tick_deal_no_more_than_the_body_had_whoever_comes_first() {
    let mut plan = range_plan();
    plan.map = maps::plain(&[[-5_000, 0, 0], [5_000, 0, 0], [0, 0, 8_000]]);
    plan.ruleset.weapons[0].own.set("damage_points", 80);
    let mut firsts = [0_u32; 2];
    for seed in 0..60 {
        println!("seed {seed}");
        let mut arena = Arena::fighting(&plan.clone().seeded(seed), 3);
        let shots = [arena.attack(0, 2), arena.attack(1, 2)];
        arena.step();
        let hits = [0, 1].map(|slot| hit_of(&arena, slot, shots[usize::from(slot)]).expect("both strike"));
        assert!(hits.iter().all(|hit| hit.amount.0 == 80_000), "both are judged at the same state");
        let dealt = hits.map(|hit| hit.harm.dealt().0);
        let first = usize::from(dealt[1] > dealt[0]);
        assert_eq!((dealt[first], dealt[1 - first]), (80_000, 70_000), "of 100 and 50 points");
        assert_eq!((hits[first].killed, hits[1 - first].killed), (false, true));
        firsts[first] += 1;
    }
    assert!(firsts.iter().all(|firsts| *firsts > 15), "no slot is favoured: {firsts:?}");
}

#[test]
fn a_shot_at_who_died_earlier_in_the_tick_is_all_overkill() {
    let mut plan = range_plan();
    plan.map = maps::plain(&[[-5_000, 0, 0], [5_000, 0, 0], [0, 0, 8_000]]);
    plan.ruleset.weapons[0].own.set("damage_points", 1_000);
    let mut arena = Arena::fighting(&plan, 3);
    let shots = [arena.attack(0, 2), arena.attack(1, 2)];
    arena.step();
    let mut hits = [0, 1].map(|slot| hit_of(&arena, slot, shots[usize::from(slot)]).expect("both strike"));
    hits.sort_by_key(|hit| !hit.killed);
    assert_eq!((hits[0].harm.dealt().0, hits[0].harm.overkill.0), (150_000, 850_000));
    assert_eq!((hits[1].harm.dealt().0, hits[1].harm.overkill.0), (0, 1_000_000));
    let damaged = |event: &&Event| matches!(event, Event::Damaged { .. });
    assert_eq!(arena.output.events.iter().filter(damaged).count(), 1);
}

#[test]
fn who_dies_while_reloading_does_not_finish_it() {
    let mut plan = range_plan();
    plan.ruleset.weapons[0].own.set("damage_points", 1_000);
    let mut arena = Arena::fighting(&plan, 2);
    arena.attack(1, 0);
    arena.step();
    arena.step_by(400);
    let sky = Pitch::new(Pitch::LIMIT).expect("the limit is allowed");
    arena.act(0, Deed::Attack, Yaw(0), sky);
    arena.step();
    let reload = arena.act(0, Deed::Reload, Yaw(0), sky);
    arena.step();
    assert_eq!(arena.refusal(0, reload), None);
    arena.attack(1, 0);
    arena.step();
    assert!(!arena.public(0).alive);
    for _ in 0..300 {
        arena.step();
        assert!(!arena.output.events.iter().any(|event| matches!(event, Event::Reloaded { .. })));
    }
}

#[test]
fn spread_stays_within_its_bounds_and_differs_from_shot_to_shot() {
    let mut plan = range_plan();
    plan.ruleset.weapons[0].own.set("spread_turn", 600);
    plan.ruleset.weapons[0].fire_interval_ms = 10;
    plan.ruleset.weapons[0].magazine_rounds = 200;
    let mut arena = Arena::fighting(&plan, 2);
    let mut ends = Vec::new();
    while ends.len() < 100 {
        let up = Pitch::new(4_000).expect("in range");
        arena.act(0, Deed::Attack, Yaw(0), up);
        arena.step();
        let shots = arena.output.events.iter().filter_map(|event| match event {
            Event::Shot { from, to, .. } => Some(look(*from, *to)),
            _ => None,
        });
        ends.extend(shots.map(|(yaw, pitch)| (i32::from(yaw.0 as i16), i32::from(pitch.turn()) - 4_000)));
    }
    assert!(ends.iter().all(|(yaw, pitch)| yaw.abs() <= 601 && pitch.abs() <= 601), "{ends:?}");
    let mut distinct = ends.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert!(distinct.len() > 90);
}

#[test]
fn a_score_limit_ends_the_match_with_the_leader_as_winner() {
    let mut plan = range_plan();
    plan.ruleset.weapons[0].own.set("damage_points", 1_000);
    plan.ruleset.matches.respawn_ms = 100;
    plan.score_limit = 3;
    let mut arena = Arena::fighting(&plan, 2);
    let ended = (0..2_000).find_map(|_| {
        arena.attack(0, 1);
        arena.step();
        arena.output.events.iter().find_map(|event| match event {
            Event::Ended { reason, winner } => Some((*reason, *winner)),
            _ => None,
        })
    });
    assert_eq!(ended, Some((EndReason::ScoreLimit, Winner::Player { id: SimId(1) })));
    assert_eq!(arena.public(0).kills, 3);
}

#[test]
fn a_time_limit_ends_the_match_at_its_tick_without_a_winner_in_a_tie() {
    let mut arena = Arena::new(&Plan { time_limit_ticks: 500, ..range_plan() });
    arena.begin(2);
    let began = arena.tick();
    let ended = (0..1_000).find_map(|_| {
        arena.step();
        arena.output.events.iter().find_map(|event| match event {
            Event::Ended { reason, winner } => Some((*reason, *winner)),
            _ => None,
        })
    });
    assert_eq!(ended, Some((EndReason::TimeLimit, Winner::Nobody)));
    assert_eq!(arena.tick() - began, 500);
}
