//! Two who have joined a duel, and what they are sent.

use combat_components::command::{Claim, Command, TickInput};
use combat_components::event::Event;
use combat_components::ids::{Epoch, Pseudonym, SimId, Slot, Team};
use combat_components::origin::Origin;
use combat_components::quantity::{Pose, Vec3Mm, Velocity};
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_components::verdict::Verdict;
use combat_protocol::codec::Encoding;
use combat_protocol::server::{Own, ServerMessage, Welcome};
use combat_systems::sim::Sim;

use super::Line;
use crate::rehearsal::Stage;
use crate::replication::fold::fold;
use crate::replication::players::{Arrived, PlayersAudience, Standing, WelcomeTemplate};
use crate::replication::view::ViewBuilder;

/// Ticks from frame to frame.
pub const FRAME_TICKS: u32 = 4;

pub const ONE: Slot = Slot(0);
pub const OTHER: Slot = Slot(1);
pub const SLOTS: [Slot; 2] = [ONE, OTHER];

pub struct Duel {
    pub sim: Sim,
    pub audience: PlayersAudience<Line>,
    pub builder: ViewBuilder,
    pub input: TickInput,
    pub lines: [Line; 2],
    /// What is durable is the present tick, unless `durable_tick` says otherwise.
    pub standing: Standing,
    pub durable_tick: Option<Tick>,
}

impl Duel {
    /// Nobody's connection is there yet.
    pub fn unconnected() -> Self {
        let parts = Stage::of("duel-box", "duel", 2, 7).parts;
        let audience = PlayersAudience::new(&parts.setup, WelcomeTemplate::default());
        assert_eq!(audience.frame_ticks(), FRAME_TICKS);
        let join = |slot: Slot| {
            let pseudonym = Pseudonym(slot.0.into());
            let join = Command::Join { slot, pseudonym, team: Team::NONE, bot: false, request: None };
            [join, Command::Connected { slot }]
        };
        Self {
            sim: Sim::new(&parts).expect("the setup is sound"),
            audience,
            builder: ViewBuilder::default(),
            input: SLOTS.into_iter().flat_map(join).collect(),
            lines: [Line::new(), Line::new()],
            standing: Standing { epoch: Epoch(1), epoch_began_at: Tick(0), durable_tick: Tick(0) },
            durable_tick: None,
        }
    }

    pub fn new() -> Self {
        let mut duel = Self::unconnected();
        SLOTS.into_iter().for_each(|slot| duel.arrive(slot, Tick(0), None));
        duel
    }

    /// Both have been welcomed, and nothing waits to be heard or logged.
    pub fn welcomed() -> Self {
        let mut duel = Self::new();
        duel.step_by(FRAME_TICKS);
        duel.lines.iter().for_each(|line| drop(line.heard()));
        drop(duel.logged());
        duel
    }

    /// His connection has the number of his slot.
    pub fn arrive(&mut self, slot: Slot, since: Tick, seen: Option<(Epoch, Tick)>) {
        let outbox = self.lines[usize::from(slot.0)].clone();
        let (connection, encoding) = (slot.0.into(), Encoding::MessagePack);
        self.audience.arrive(Arrived { slot, connection, outbox, encoding, seen, since });
    }

    pub fn step(&mut self) {
        self.sim.step(&mut self.input);
        self.input.clear();
        let Self { sim, builder, audience, standing, .. } = self;
        standing.durable_tick = self.durable_tick.unwrap_or(sim.tick());
        fold(sim, standing.epoch, builder, audience, |identity| identity.slot.player_name(), &mut ());
        let frame_due = sim.tick().0.is_multiple_of(FRAME_TICKS);
        audience.after_step(sim, builder, frame_due, *standing);
    }

    pub fn step_by(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| self.step());
    }

    /// The first player says that he stands there.
    pub fn claim(&mut self, input_seq: u32, at: Vec3Mm) {
        let own = self.sim.own_view(ONE).expect("he has joined");
        let claim = Claim {
            slot: ONE,
            input_seq,
            client_tick: 8,
            pose: Pose { at, ..own.pose },
            view_tick: self.sim.tick(),
            pose_epoch: own.pose_epoch,
            bends: Default::default(),
        };
        self.input.push(Command::Claim { claim });
    }

    /// What has been heard of connections since the last look, as the next tick's record says it.
    pub fn logged(&mut self) -> Vec<Command> {
        let mut input = TickInput::new();
        self.audience.log_link_facts(&mut input);
        input
    }

    /// The player's body was moved by the server.
    pub fn displace(&mut self, slot: Slot) {
        let moved = Event::Displaced {
            id: SimId(1),
            slot,
            reason: Reason::Displaced,
            input_seq: 9,
            pose: Pose::default(),
            velocity: Velocity::default(),
            pose_epoch: 1,
            client_tick: None,
        };
        self.audience.note_event(&moved, None);
    }

    /// One of the player's inputs was judged.
    pub fn judge(&mut self, slot: Slot, input_seq: u32) {
        let verdict = Verdict::judged(Origin::Player { slot, input_seq }, Err(Reason::OnCooldown));
        self.audience.note_verdict(&verdict, self.sim.tick());
    }

    pub fn welcome(&self, slot: Slot) -> Option<Box<Welcome>> {
        let heard = self.lines[usize::from(slot.0)].messages();
        heard.into_iter().find_map(|message| match message {
            ServerMessage::Welcome(welcome) => Some(welcome),
            _ => None,
        })
    }

    /// The own parts that the player heard since the last look.
    pub fn owns(&self, slot: Slot) -> Vec<Own> {
        let own = |message| match message {
            ServerMessage::Own(own) => Some(own),
            _ => None,
        };
        self.lines[usize::from(slot.0)].messages().into_iter().filter_map(own).collect()
    }
}

/// The numbers of the inputs on which an own part brings a verdict.
pub fn judged(own: &Own) -> Vec<u32> {
    own.verdicts.iter().map(|verdict| verdict.input_seq).collect()
}
