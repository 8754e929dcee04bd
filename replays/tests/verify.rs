//! A log verifies; what is changed in it, or in its re-simulation, is found and named.

mod script;

use combat_components::ids::Team;
use combat_replays::verifier::{Outcome, VerifyOptions, verify};

use script::Stage;
use script::bot::Bot;
use script::scene::Scene;

fn fight(scene: Scene, players: u8, ticks: u32) -> Stage {
    let mut stage = Stage::new(scene);
    let mut bots: Vec<Bot> = (0..players).map(Bot::new).collect();
    bots.iter().for_each(|bot| stage.join(bot.slot.0, Team::NONE));
    stage.step();
    for _ in 0..ticks {
        bots.iter_mut().for_each(|bot| bot.act(&mut stage));
        stage.step();
    }
    stage
}

#[test]
fn a_fight_verifies_from_its_log_alone() {
    let stage = fight(Scene::duel("a fight"), 2, 1_280);
    for (tick, event) in &stage.events {
        println!("{} {event:?}", tick.0);
    }
    println!("{} bytes", stage.records.len());
    let report = verify(&stage.log(), VerifyOptions::default(), &mut |_| {});
    assert_eq!(report.outcome, Outcome::Verified);
    assert_eq!(report.ticks, stage.tick());
}
