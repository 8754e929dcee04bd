//! The schedule and the world: nothing unordered, nothing that changes shape.

use std::collections::BTreeMap;

use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::{Slot, Team};
use combat_components::quantity::{Pitch, Yaw};

use crate::arena::{Arena, Plan};
use crate::maps;

#[test]
fn no_two_systems_are_left_unordered() {
    assert_eq!(Arena::new(&Plan::on(maps::duel_box())).sim.ambiguity_count(), 0);
}

#[test]
fn archetypes_stay_the_same_through_fire_dash_reload_death_and_respawn() {
    let mut plan = Plan::on(maps::plain(&[[-5_000, 0, 0], [5_000, 0, 0]]));
    plan.ruleset.weapons[0].own.set("damage_points", 60);
    plan.ruleset.weapons[0].reload_ms = 50;
    plan.ruleset.matches.respawn_ms = 200;
    let mut arena = Arena::fighting(&plan, 2);
    let archetypes = arena.sim.archetypes();
    let mut happened: BTreeMap<&str, u32> = BTreeMap::new();
    for tick in 0..2_000 {
        let (slot, target) = ((tick % 2) as u8, ((tick + 1) % 2) as u8);
        let _ = match tick % 50 {
            48 => arena.act(
                slot,
                Deed::Ability { index: 0 },
                Yaw((tick as u16).wrapping_mul(977)),
                Pitch::default(),
            ),
            49 => arena.act(slot, Deed::Reload, Yaw(0), Pitch::default()),
            _ => arena.attack(slot, target),
        };
        arena.step();
        for event in &arena.output.events {
            let name = match event {
                Event::Shot { .. } => "shot",
                Event::Died { .. } => "died",
                Event::AbilityUsed { .. } => "dash",
                Event::Reloaded { .. } => "reloaded",
                _ => continue,
            };
            *happened.entry(name).or_default() += 1;
        }
        assert_eq!(arena.sim.archetypes(), archetypes);
    }
    assert_eq!(happened.len(), 4, "all four kinds happened: {happened:?}");
    arena.input.push(Command::Leave { slot: Slot(0), cause: LeaveCause::Left, request: None });
    arena.step();
    arena.join(0, Team::NONE);
    arena.step();
    assert_eq!(arena.sim.archetypes(), archetypes);
}
