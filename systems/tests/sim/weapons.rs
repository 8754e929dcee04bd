//! Weapons two to eight: taken in hand in their own time, with rounds and intervals of their own.

use combat_components::command::{Command, Deed};
use combat_components::event::Event;
use combat_components::ids::SimId;
use combat_components::phase::EndReason;
use combat_components::quantity::{Pitch, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::WeaponRules;

use crate::arena::{Arena, Plan};
use crate::maps;

const RIFLE: u8 = 0;
const PISTOL: u8 = 1;

/// Two apart; a rifle that fires once a second, and a pistol that does every 100 ms.
fn plan() -> Plan {
    let mut plan = Plan::on(maps::plain(&[[-5_000, 0, 0], [5_000, 0, 0]]));
    let rifle = &mut plan.ruleset.weapons[0];
    rifle.own.set("spread_turn", 0);
    (rifle.fire_interval_ms, rifle.draw_ms, rifle.magazine_rounds) = (1_000, 250, 4);
    let mut pistol = WeaponRules {
        name: "pistol".into(),
        fire_interval_ms: 100,
        draw_ms: 125,
        magazine_rounds: 12,
        ..rifle.clone()
    };
    pistol.own.set("damage_points", 5);
    plan.ruleset.weapons.push(pistol);
    plan
}

fn does(arena: &mut Arena, deed: Deed) -> Option<Reason> {
    let seq = arena.act(0, deed, Yaw(0), Pitch::new(Pitch::LIMIT).expect("the limit is allowed"));
    arena.step();
    arena.refusal(0, seq)
}

fn switch(arena: &mut Arena, index: u8) -> Option<Reason> {
    does(arena, Deed::Switch { index })
}

/// Tries every tick; how many ticks after the present one the first shot is fired.
fn fires_after(arena: &mut Arena) -> u32 {
    let began = arena.tick();
    while does(arena, Deed::Attack).is_some() {
        assert!(arena.tick() - began < 1_000);
    }
    arena.tick() - began
}

#[test]
fn a_weapon_fires_once_it_is_drawn_with_its_own_rounds_and_damage() {
    let mut arena = Arena::fighting(&plan(), 2);
    assert_eq!(switch(&mut arena, PISTOL), None);
    assert!(arena.output.events.contains(&Event::Switched { id: SimId(1), weapon: PISTOL }));
    let own = arena.own(0);
    assert_eq!((own.weapon, own.rounds, own.ready_at.0), (PISTOL, 12, arena.tick() + 16));
    assert_eq!(fires_after(&mut arena), 16, "125 ms at 128 Hz");
    assert_eq!(arena.own(0).rounds, 11);
    arena.step_by(13);
    let seq = arena.attack(0, 1);
    arena.step();
    let hit = arena.verdict(0, seq).and_then(|verdict| verdict.hit).expect("the pistol shoots straight");
    assert_eq!(hit.amount.0, 5_000);
    assert_eq!(switch(&mut arena, RIFLE), None);
    assert_eq!(arena.own(0).rounds, 4);
    assert_eq!(switch(&mut arena, PISTOL), None);
    assert_eq!(arena.own(0).rounds, 10);
}

#[test]
fn switching_to_and_fro_shortens_no_interval() {
    let mut arena = Arena::fighting(&plan(), 2);
    assert_eq!(does(&mut arena, Deed::Attack), None);
    let fired_at = arena.tick();
    assert_eq!(switch(&mut arena, PISTOL), None);
    fires_after(&mut arena);
    assert_eq!(switch(&mut arena, RIFLE), None);
    fires_after(&mut arena);
    assert_eq!(arena.tick() - fired_at, 128, "the rifle's second");
    for _ in 0..40 {
        switch(&mut arena, PISTOL);
        switch(&mut arena, RIFLE);
        assert_eq!(does(&mut arena, Deed::Attack), Some(Reason::OnCooldown));
    }
}

#[test]
fn putting_a_weapon_away_gives_up_its_reload() {
    let mut arena = Arena::fighting(&plan(), 2);
    assert_eq!(does(&mut arena, Deed::Attack), None);
    assert_eq!(does(&mut arena, Deed::Reload), None);
    assert_eq!(switch(&mut arena, PISTOL), None);
    assert_eq!(arena.own(0).reloaded_at, None);
    arena.step_by(300);
    assert_eq!(switch(&mut arena, RIFLE), None);
    assert_eq!((arena.own(0).rounds, arena.own(0).reloaded_at), (3, None));
    assert_eq!(does(&mut arena, Deed::Reload), Some(Reason::OnCooldown), "not before it is drawn");
    arena.step_by(40);
    assert_eq!(does(&mut arena, Deed::Reload), None);
    arena.step_by(231);
    assert_eq!(arena.own(0).rounds, 4);
}

#[test]
fn a_switch_is_refused_with_its_reason() {
    let mut arena = Arena::new(&plan());
    arena.join(0, combat_components::ids::Team::NONE);
    arena.step();
    assert_eq!(switch(&mut arena, PISTOL), Some(Reason::WrongPhase));
    let mut deadly = plan();
    deadly.ruleset.weapons[0].own.set("damage_points", 1_000);
    let mut arena = Arena::fighting(&deadly, 2);
    for index in [2, 7, 8, 255] {
        assert_eq!(switch(&mut arena, index), Some(Reason::UnknownAbility), "weapon {index}");
    }
    assert_eq!(switch(&mut arena, RIFLE), Some(Reason::AlreadyInHand));
    arena.attack(1, 0);
    arena.step();
    assert_eq!(switch(&mut arena, PISTOL), Some(Reason::Dead));
    arena.step_by(400);
    assert_eq!(switch(&mut arena, PISTOL), None);
    arena.input.push(Command::End { reason: EndReason::Requested, request: None });
    assert_eq!(switch(&mut arena, RIFLE), Some(Reason::WrongPhase));
}
