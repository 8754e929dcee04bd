//! The sessions of the golden corpus: together they show every rule at work.

use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::ids::{Slot, Team};
use combat_components::phase::EndReason;
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::tick::Tick;

use super::bot::Bot;
use super::fast_falls::{fast_falls, shots_before_frames};
use super::in_the_air::{corrections_in_the_air, falling_from_a_spawn};
use super::in_the_way::{in_the_way, separated};
use super::scene::Scene;
use super::{Stage, fight, play};

/// A golden log's file name and the script that records it.
pub type Scenario = (&'static str, fn() -> Stage);

pub const SCENARIOS: &[Scenario] = &[
    ("rifle-duel", rifle_duel),
    ("deathmatch", deathmatch),
    ("dash", dash),
    ("reload", reload),
    ("join-leave", join_leave),
    ("links", links),
    ("resume", resume),
    ("corrections", corrections),
    ("refusals", refusals),
    ("teams", teams),
    ("both-at-once", both_at_once),
    ("joining-in-mid-match", joining_in_mid_match),
    ("falling-from-a-spawn", falling_from_a_spawn),
    ("corrections-in-the-air", corrections_in_the_air),
    ("separated", separated),
    ("left-alone", left_alone),
    ("gone-after-a-shot", gone_after_a_shot),
    ("fast-falls", fast_falls),
    ("shots-before-frames", shots_before_frames),
    ("in-the-way", in_the_way),
];

/// Along −x, level.
fn left() -> (Yaw, Pitch) {
    (Yaw(16_384), Pitch::default())
}

/// Along +x, level.
fn right() -> (Yaw, Pitch) {
    (Yaw(49_152), Pitch::default())
}

fn seated(scene: Scene, players: u8) -> (Stage, Vec<Bot>) {
    let mut stage = Stage::new(scene);
    let mut bots: Vec<Bot> = (0..players).map(Bot::new).collect();
    bots.iter().for_each(|bot| stage.join(bot.slot.0, Team::NONE));
    stage.step();
    play(&mut stage, &mut bots, 1);
    (stage, bots)
}

/// To the first kill and the next round, until the score decides.
fn rifle_duel() -> Stage {
    let scene = Scene { score_limit: 1, rate_hz: 64, keyframe_ticks: 192, ..Scene::duel("rifle duel") };
    fight(scene, 2, 640)
}

fn deathmatch() -> Stage {
    let scene =
        Scene { rate_hz: 32, keyframe_ticks: 96, time_limit_s: 10, ..Scene::deathmatch("deathmatch") };
    fight(scene.with_rule("damage_points = 18", "damage_points = 60"), 5, 360)
}

fn dash() -> Stage {
    let scene = Scene::duel("dash").with_rule("cooldown_ms = 4_000", "cooldown_ms = 250");
    let (mut stage, mut bots) = seated(scene, 2);
    play(&mut stage, &mut bots, 70);
    for turn in 0..8_u16 {
        let look = (Yaw(turn * 8_192), Pitch::default());
        bots[0].deed(&mut stage, Deed::Ability { index: 0 }, look);
        stage.steps(4);
        bots[0].deed(&mut stage, Deed::Ability { index: 0 }, look);
        play(&mut stage, &mut bots, 30);
    }
    for _ in 0..6 {
        bots[1].deed(&mut stage, Deed::Ability { index: 0 }, left());
        stage.steps(34);
    }
    stage
}

/// A second weapon for the default rules.
const SIDEARM: &str = "
[[weapon]]
name = \"sidearm\"
damage_points = 12
head_percent = 150
reach_mm = 60_000
falloff_from_mm = 10_000
falloff_to_mm = 30_000
falloff_percent = 50
spread_turn = 90
magazine_rounds = 9
fire_interval_ms = 150
reload_ms = 900
draw_ms = 200
";

fn reload() -> Stage {
    let mut scene = Scene::duel("reload")
        .with_rule("magazine_rounds = 30", "magazine_rounds = 3")
        .with_rule("reload_ms = 1_800", "reload_ms = 200");
    scene.ruleset.push_str(SIDEARM);
    let (mut stage, mut bots) = seated(scene, 2);
    stage.steps(70);
    bots[0].deed(&mut stage, Deed::Reload, right());
    stage.step();
    for _ in 0..4 {
        bots[0].deed(&mut stage, Deed::Attack, right());
        stage.step();
        bots[0].deed(&mut stage, Deed::Attack, right());
        stage.steps(14);
    }
    bots[0].deed(&mut stage, Deed::Reload, right());
    stage.step();
    bots[0].deed(&mut stage, Deed::Reload, right());
    bots[0].deed(&mut stage, Deed::Attack, right());
    stage.steps(40);
    bots[0].deed(&mut stage, Deed::Attack, right());
    stage.steps(20);
    for index in [1, 0, 1] {
        bots[0].deed(&mut stage, Deed::Reload, right());
        bots[0].deed(&mut stage, Deed::Switch { index }, right());
        stage.steps(30);
        bots[0].deed(&mut stage, Deed::Attack, right());
        stage.steps(10);
    }
    stage
}

/// At 16 Hz, so that the minute after which an empty session ends stays small.
fn join_leave() -> Stage {
    let scene =
        Scene { rate_hz: 16, keyframe_ticks: 480, time_limit_s: 600, ..Scene::duel("join and leave") };
    let mut stage = Stage::new(scene);
    [0, 1].into_iter().for_each(|slot| stage.join(slot, Team::NONE));
    stage.steps(4);
    [0, 1].into_iter().for_each(|slot| stage.leave(slot, LeaveCause::Left));
    stage.steps(4);
    for (joins, ticks, leaves, cause) in [
        (&[0, 1][..], 4, 1, LeaveCause::Left),
        (&[1], 24, 0, LeaveCause::Kicked),
        (&[0, 2], 24, 2, LeaveCause::WindowExpired),
        (&[3, 63], 24, 3, LeaveCause::Left),
    ] {
        joins.iter().copied().for_each(|slot| stage.join(slot, Team::NONE));
        stage.steps(ticks);
        stage.leave(leaves, cause);
        stage.steps(12);
    }
    [0, 1, 7, 63].into_iter().for_each(|slot| stage.leave(slot, LeaveCause::Left));
    stage.steps(980);
    stage.join(5, Team::NONE);
    stage.steps(4);
    stage
}

/// At 16 Hz, so that the minute for which the other one waits stays small.
fn left_alone() -> Stage {
    let scene = Scene { rate_hz: 16, keyframe_ticks: 480, time_limit_s: 600, ..Scene::duel("left alone") };
    let (mut stage, mut bots) = seated(scene, 2);
    play(&mut stage, &mut bots, 24);
    stage.leave(0, LeaveCause::Left);
    stage.steps(60 * 16 + 8);
    stage
}

/// A shot, and gone before a frame has shown it.
fn gone_after_a_shot() -> Stage {
    let scene = Scene { rate_hz: 64, keyframe_ticks: 96, ..Scene::duel("gone after a shot") };
    let (mut stage, mut bots) = seated(scene, 2);
    play(&mut stage, &mut bots, 64);
    stage.steps(stage.tick().0 % 2);
    bots[0].deed(&mut stage, Deed::Attack, right());
    stage.step();
    stage.leave(0, LeaveCause::Left);
    stage.steps(32);
    stage
}

fn links() -> Stage {
    let (mut stage, mut bots) = seated(Scene { rate_hz: 64, ..Scene::duel("links") }, 2);
    play(&mut stage, &mut bots, 64);
    for round in 0..3_u16 {
        let now = stage.tick();
        stage.push(Command::LinkSampled { slot: Slot(0), rtt_ms: 30 + 40 * round });
        stage.push(Command::FramesSkipped { slot: Slot(1), from: now, to: now.plus(8) });
        stage.push(Command::SnapshotSent { slot: Slot(1), at: now.plus(9) });
        play(&mut stage, &mut bots, 32);
        stage.push(Command::Disconnected { slot: Slot(0) });
        play(&mut stage, &mut bots[1..], 40);
        stage.push(Command::Connected { slot: Slot(0) });
        stage.push(Command::ScheduleMoved { ticks: 12 });
        play(&mut stage, &mut bots, 32);
    }
    stage
}

/// Killed twice: once everybody comes back, once nobody does and the wait runs out.
fn resume() -> Stage {
    let (mut stage, mut bots) =
        seated(Scene { rate_hz: 32, keyframe_ticks: 160, ..Scene::duel("resume") }, 2);
    play(&mut stage, &mut bots, 200);
    stage.restart();
    stage.steps(20);
    bots.iter().for_each(|bot| stage.push(Command::Connected { slot: bot.slot }));
    play(&mut stage, &mut bots, 150);
    stage.restart();
    play(&mut stage, &mut bots, 200);
    let request = stage.asked(true);
    stage.push(Command::End { reason: EndReason::Requested, request });
    stage.steps(10);
    stage
}

/// One illegal claim after another, each from a standing start.
fn corrections() -> Stage {
    let (mut stage, mut bots) = seated(Scene::duel("corrections"), 2);
    stage.steps(70);
    let bot = &mut bots[0];
    bot.walks = false;
    bot.shoots = false;
    let moved: [fn(Vec3Mm) -> Vec3Mm; 6] = [
        |at| Vec3Mm { x: at.x + 5_000, ..at },
        |at| Vec3Mm { x: at.x + 203, ..at },
        |at| Vec3Mm { y: at.y + 2_000, ..at },
        |at| Vec3Mm { y: at.y - 1_800, ..at },
        |at| Vec3Mm { y: at.y - 300, ..at },
        |at| Vec3Mm { x: at.x + 40_000, ..at },
    ];
    for illegal in moved {
        stand_still(&mut stage, bot);
        let at = illegal(bot.at);
        claim_at(&mut stage, bot, at, 0);
    }
    for clock_ticks in [1_000, -100] {
        stand_still(&mut stage, bot);
        let at = bot.at;
        claim_at(&mut stage, bot, at, clock_ticks);
    }
    stand_still(&mut stage, bot);
    stage.steps(4);
    let in_the_air = Vec3Mm { y: bot.at.y + 300, ..bot.at };
    claim_at(&mut stage, bot, in_the_air, 0);
    stage.steps(60);
    stage
}

fn stand_still(stage: &mut Stage, bot: &mut Bot) {
    for _ in 0..16 {
        bot.act(stage);
        stage.step();
    }
}

/// `clock_ticks` is how far `clientTick` lies ahead of the server's.
fn claim_at(stage: &mut Stage, bot: &mut Bot, at: Vec3Mm, clock_ticks: i64) {
    stage.steps(3);
    let mut claim = bot.claim(stage, Pose { at, ..Pose::default() });
    claim.client_tick = (i64::from(claim.client_tick) + clock_ticks) as u32;
    stage.push(Command::Claim { claim });
    stage.step();
}

fn refusals() -> Stage {
    let scene = Scene::duel("refusals")
        .with_rule("damage_points = 18", "damage_points = 1_000")
        .with_rule("cooldown_ms = 4_000", "cooldown_ms = 50")
        .with_rule("spread_turn = 60", "spread_turn = 0");
    let (mut stage, mut bots) = seated(scene, 1);
    bots[0].deed(&mut stage, Deed::Attack, right());
    stage.step();
    stage.join(1, Team::NONE);
    stage.steps(80);
    let bot = &mut bots[0];
    bot.deed(&mut stage, Deed::Attack, right());
    if let Some(Command::Action { action }) = stage.last_command() {
        action.follows = 9_999;
    }
    bot.deed(&mut stage, Deed::Ability { index: 3 }, right());
    bot.deed(&mut stage, Deed::Switch { index: 0 }, right());
    stage.step();
    (0..40).for_each(|_| bot.deed(&mut stage, Deed::Attack, right()));
    stage.step();
    for _ in 0..3 {
        bot.deed(&mut stage, Deed::Ability { index: 0 }, left());
        stage.steps(16);
    }
    let mut other = Bot::new(1);
    for _ in 0..640 {
        other.act(&mut stage);
        bot.act(&mut stage);
        if stage.tick().0.is_multiple_of(16) {
            bot.deed(&mut stage, Deed::Attack, right());
            other.deed(&mut stage, Deed::Reload, left());
        }
        stage.step();
    }
    stage
}

/// Two teams in a small room, friendly fire off and nobody moving: allies are in the way.
fn teams() -> Stage {
    let mut stage =
        Stage::new(Scene { rate_hz: 32, keyframe_ticks: 96, time_limit_s: 4, ..Scene::deathmatch("teams") });
    let mut bots: Vec<Bot> = (0..6).map(Bot::new).collect();
    bots.iter().for_each(|bot| stage.join(bot.slot.0, Team(1 + bot.slot.0 % 2)));
    stage.step();
    play(&mut stage, &mut bots, 100);
    stage.leave(0, LeaveCause::Left);
    play(&mut stage, &mut bots[1..], 10);
    stage.join(0, Team(2));
    play(&mut stage, &mut bots[1..], 90);
    stage
}

/// Both stand where they see each other and fire in the same tick, again and again.
fn both_at_once() -> Stage {
    let scene = Scene { seed: 3, score_limit: 0, ..Scene::duel("both at once") }
        .with_rule("damage_points = 18", "damage_points = 200")
        .with_rule("spread_turn = 60", "spread_turn = 0");
    let (mut stage, mut bots) = seated(scene, 2);
    let is_last = |stage: &Stage| stage.tick() >= Tick(1_000);
    while !is_last(&stage) {
        bots.iter_mut().for_each(|bot| bot.shoots = false);
        play(&mut stage, &mut bots, 1);
        if !stage.tick().0.is_multiple_of(16) {
            continue;
        }
        for bot in &mut bots {
            if let Some(enemy) = bot.nearest_enemy(&mut stage) {
                let look = bot.aim(&enemy);
                bot.deed(&mut stage, Deed::Attack, look);
            }
        }
        stage.step();
    }
    let request = stage.asked(true);
    stage.push(Command::End { reason: EndReason::Requested, request });
    stage.steps(2);
    stage
}

/// Two come when the match is under way, and one leaves it and comes back.
fn joining_in_mid_match() -> Stage {
    let scene = Scene { rate_hz: 32, keyframe_ticks: 96, ..Scene::deathmatch("joining in mid-match") };
    let mut stage = Stage::new(scene);
    let mut bots: Vec<Bot> = (0..2).map(Bot::new).collect();
    bots.iter().for_each(|bot| stage.join(bot.slot.0, Team::NONE));
    stage.step();
    play(&mut stage, &mut bots, 60);
    for slot in [2, 3] {
        stage.join(slot, Team::NONE);
        bots.push(Bot::new(slot));
        play(&mut stage, &mut bots, 40);
    }
    stage.leave(1, LeaveCause::Left);
    bots.retain(|bot| bot.slot != Slot(1));
    play(&mut stage, &mut bots, 12);
    stage.join(1, Team::NONE);
    bots.push(Bot::new(1));
    play(&mut stage, &mut bots, 60);
    stage
}
