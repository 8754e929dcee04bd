//! From the simulation's public bodies to the view of the wire.

use combat_components::event::Event;
use combat_components::ids::Epoch;
use combat_components::phase::{MatchState, Phase};
use combat_protocol::numbers::FrameStatus;
use combat_protocol::view::{FLAG_ALIVE, FLAG_CONNECTED, PublicPlayer, RosterEntry, Shot, View};
use combat_systems::sim::Sim;
use combat_systems::views::PublicBody;

use crate::session::people::People;

/// Shots drawn per frame: 64 players firing every 100 ms over a frame of 1/16 s, and some.
pub const SHOTS_PER_FRAME_MAX: usize = 128;

/// Builds the public view of each frame in the memory of the one before.
#[derive(Debug, Default)]
pub struct ViewBuilder {
    bodies: Vec<PublicBody>,
    pub view: View,
    /// Shots fired since the last frame to spectators, newest dropped when there are too many.
    pub shots: Vec<Shot>,
    players_have: usize,
}

impl ViewBuilder {
    pub fn note_events(&mut self, events: &[Event]) {
        for event in events {
            if let Event::Shot { shooter, from, to, struck, .. } = event
                && self.shots.len() < SHOTS_PER_FRAME_MAX
            {
                self.shots.push(Shot {
                    shooter: shooter.0,
                    from: [from.x, from.y, from.z],
                    to: [to.x, to.y, to.z],
                    struck: struck.map(|id| id.0),
                });
            }
        }
    }

    /// Shots that players have not been sent.
    pub fn fresh_shots(&self) -> &[Shot] {
        &self.shots[self.players_have..]
    }

    pub fn players_have_shots(&mut self) {
        self.players_have = self.shots.len();
    }

    pub fn spectators_have_shots(&mut self) {
        self.shots.clear();
        self.players_have = 0;
    }

    /// Who is in the session changed.
    pub fn rebuild_roster(&mut self, sim: &Sim, people: &People) {
        self.view.roster.clear();
        self.view.roster.extend(sim.members().map(|(id, identity, _)| RosterEntry {
            sim_id: id.0,
            slot: identity.slot.0,
            team: identity.team.0,
            display_name: people.shown(identity.pseudonym).name_in(identity.slot),
            bot: identity.bot,
        }));
    }

    /// Makes `view` that of the present tick.
    pub fn build(&mut self, sim: &mut Sim, epoch: Epoch) {
        sim.public_view(&mut self.bodies);
        let state = sim.match_state();
        self.view.epoch = epoch.0;
        self.view.tick = sim.tick().0;
        self.view.status = status_of(state);
        self.view.phase_ends_at = state.phase_ends_at.map(|at| at.0);
        self.view.players.clear();
        self.view.players.extend(self.bodies.iter().map(public_player));
    }
}

pub fn status_of(state: &MatchState) -> FrameStatus {
    match state.phase {
        _ if state.is_resuming() => FrameStatus::Resuming,
        Phase::Waiting => FrameStatus::Waiting,
        Phase::Warmup => FrameStatus::Warmup,
        Phase::Active => FrameStatus::Active,
        Phase::Ended => FrameStatus::Ended,
    }
}

/// The wire's form of a public body; the same for live frames and for frames rebuilt from a log.
pub fn public_player(body: &PublicBody) -> PublicPlayer {
    let flag = |set: bool, bit: i32| if set { bit } else { 0 };
    PublicPlayer {
        sim_id: body.id.0,
        x: body.pose.at.x,
        y: body.pose.at.y,
        z: body.pose.at.z,
        yaw: i32::from(body.pose.yaw.0),
        pitch: i32::from(body.pose.pitch.turn()),
        health: body.health_points,
        armour: body.armour_points,
        flags: flag(body.alive, FLAG_ALIVE) | flag(body.connected, FLAG_CONNECTED),
        kills: i32::from(body.kills),
        deaths: i32::from(body.deaths),
    }
}
