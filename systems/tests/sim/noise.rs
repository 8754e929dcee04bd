//! Whatever anybody sends, nothing panics and every invariant holds.

use arrayvec::ArrayVec;
use combat_components::command::{Claim, Command, Deed, LeaveCause};
use combat_components::ids::{Epoch, Slot, Team};
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::streams::Stream;
use combat_components::tick::Tick;
use combat_systems::sim::Sim;

use crate::arena::{Arena, Plan, action, join};
use crate::maps;

const TICKS: u32 = if cfg!(debug_assertions) { 1_200 } else { 10_000 };

struct Noise(Stream);

impl Noise {
    /// Mostly small, sometimes as large as it gets.
    fn number(&mut self) -> u32 {
        match self.0.below(6) {
            0 => self.0.draw() as u32,
            1 => u32::MAX - self.0.below(3),
            2 => 0,
            _ => self.0.below(300),
        }
    }

    fn coordinate(&mut self, near: i32) -> i32 {
        match self.0.below(8) {
            0 => self.0.draw() as i32,
            1 => [i32::MIN, i32::MAX, 1_000_001, -1_000_001][self.0.below(4) as usize],
            _ => near.saturating_add(self.0.below(401) as i32 - 200),
        }
    }

    fn place(&mut self, near: Vec3Mm) -> Vec3Mm {
        Vec3Mm::new(self.coordinate(near.x), self.coordinate(near.y), self.coordinate(near.z))
    }

    fn slot(&mut self) -> u8 {
        if self.0.below(10) == 0 { self.0.draw() as u8 } else { self.0.below(6) as u8 }
    }

    fn look(&mut self) -> (Yaw, Pitch) {
        let elevation = i32::from(Pitch::LIMIT);
        let pitch = (self.0.below(2 * elevation as u32 + 1) as i32 - elevation) as i16;
        (Yaw(self.0.draw() as u16), Pitch::new(pitch).expect("within the limit"))
    }

    fn input_seq(&mut self, tick: u32) -> u32 {
        if self.0.below(4_000) == 0 { u32::MAX } else { tick * 4 + self.0.below(12) }
    }

    fn claim(&mut self, arena: &mut Arena, tick: u32) -> Command {
        let slot = Slot(self.slot());
        let own = arena.sim.own_view(slot);
        let at = own.map_or(Vec3Mm::default(), |own| own.pose.at);
        let (yaw, pitch) = self.look();
        let mut bends = ArrayVec::new();
        for _ in 0..self.0.below(8).saturating_sub(3) {
            bends.push(self.place(at));
        }
        let pose_epoch = own
            .map_or(0, |own| own.pose_epoch)
            .wrapping_add([0, 0, 0, 1, u32::MAX][self.0.below(5) as usize]);
        Command::Claim {
            claim: Claim {
                slot,
                input_seq: self.input_seq(tick),
                client_tick: if self.0.below(5) == 0 { self.number() } else { tick },
                pose: Pose { at: self.place(at), yaw, pitch },
                bends,
                view_tick: Tick(self.number()),
                pose_epoch,
            },
        }
    }

    fn action(&mut self, tick: u32) -> Command {
        let deed = match self.0.below(4) {
            0 => Deed::Ability { index: self.number() as u8 },
            1 => Deed::Reload,
            _ => Deed::Attack,
        };
        let look = self.look();
        let (slot, input_seq, follows) = (self.slot(), self.input_seq(tick), self.number());
        let mut action = action(slot, input_seq, follows, deed, look);
        (action.view_tick, action.view_fraction) = (Tick(self.number()), self.number() as u8);
        Command::Action { action }
    }

    fn of_the_session(&mut self) -> Command {
        let slot = Slot(self.slot());
        match self.0.below(9) {
            0 => join(slot.0, Team(self.0.below(3) as u8)),
            1 => Command::Leave { slot, cause: LeaveCause::Kicked, request: None },
            2 => Command::Connected { slot },
            3 => Command::Disconnected { slot },
            4 => Command::LinkSampled { slot, rtt_ms: self.number() as u16 },
            5 => Command::FramesSkipped { slot, from: Tick(self.number()), to: Tick(self.number()) },
            6 => Command::SnapshotSent { slot, at: Tick(self.number()) },
            7 => Command::ScheduleMoved { ticks: self.number() },
            _ => Command::Resumed { epoch: Epoch(self.number()) },
        }
    }
}

#[test]
fn no_mixture_of_commands_breaks_an_invariant_and_every_state_can_be_restored() {
    for seed in 0..4 {
        println!("seed {seed}");
        let mut noise = Noise(Stream::of(seed, 77));
        let map = if seed % 2 == 0 { maps::two_levels() } else { maps::duel_box() };
        let mut plan = Plan::on(map).seeded(seed);
        plan.mode = ["deathmatch", "duel"][seed as usize / 2];
        plan.ruleset.matches.respawn_ms = 50;
        let mut arena = Arena::new(&plan);
        (0..6).for_each(|slot| arena.join(slot, Team::NONE));
        for tick in 0..TICKS {
            for _ in 0..noise.0.below(12) {
                let command = match noise.0.below(40) {
                    0 => noise.of_the_session(),
                    1..20 => noise.action(tick),
                    _ => noise.claim(&mut arena, tick),
                };
                arena.input.push(command);
            }
            arena.step();
            if tick % 50 == 0 {
                let (mut keyframe, mut again) = (Vec::new(), Vec::new());
                arena.sim.write_keyframe(&mut keyframe);
                let mut restored =
                    Sim::restore(&arena.parts, &keyframe).expect("what was written can be read");
                restored.write_keyframe(&mut again);
                assert_eq!(keyframe, again);
            }
        }
    }
}

#[test]
fn a_flood_of_inputs_is_taken_up_to_its_limit_and_the_rest_is_refused() {
    let mut arena = Arena::fighting(&Plan::on(maps::duel_box()), 2);
    let aim = (Yaw(0), Pitch::default());
    let seqs: Vec<u32> = (0..100).map(|_| arena.act_after(0, 0, Deed::Reload, aim)).collect();
    arena.step();
    let reasons: Vec<_> = seqs.iter().map(|seq| arena.refusal(0, *seq)).collect();
    let too_many = Some(combat_components::reason::Reason::TooManyInputs);
    assert_eq!(reasons.iter().filter(|reason| **reason == too_many).count(), 68);
    assert_eq!(arena.own(0).input_seq, 100, "all of them are done with");
}

#[test]
fn a_truncated_or_altered_keyframe_is_refused_or_restored_but_never_panics() {
    let seed = 5;
    println!("seed {seed}");
    let mut stream = Stream::of(seed, 1);
    let mut arena = Arena::fighting(&Plan::on(maps::duel_box()), 2);
    let mut keyframe = Vec::new();
    arena.sim.write_keyframe(&mut keyframe);
    for length in (0..keyframe.len()).step_by(7) {
        assert!(Sim::restore(&arena.parts, &keyframe[..length]).is_err(), "{length} bytes");
    }
    for _ in 0..300 {
        let mut altered = keyframe.clone();
        let place = stream.below(altered.len() as u32) as usize;
        altered[place] ^= 1 << stream.below(8);
        let _ = Sim::restore(&arena.parts, &altered);
    }
}
