//! From the simulation's public bodies to the view of the wire.

use combat_components::event::Event;
use combat_components::identity::Identity;
use combat_components::ids::{DisplayName, Epoch};
use combat_protocol::numbers::FrameStatus;
use combat_protocol::view::{FLAG_ALIVE, FLAG_CONNECTED, PublicPlayer, RosterEntry, Shot, View};
use combat_systems::sim::Sim;
use combat_systems::views::{Eye, PublicBody};

/// Shots drawn per frame: 64 players firing every 100 ms over a frame of 1/16 s, and some.
pub const SHOTS_PER_FRAME_MAX: usize = 128;

/// Builds the view of each eye in the memory of its last, once a tick.
#[derive(Debug, Default)]
pub struct ViewBuilder {
    bodies: Vec<PublicBody>,
    roster: Vec<RosterEntry>,
    roster_changes: u32,
    /// Eyes are few: the public's, and one for each team.
    views: Vec<EyesView>,
    /// Shots fired since the last frame to spectators, newest dropped when there are too many.
    shots: Vec<Shot>,
    players_have: usize,
}

#[derive(Debug)]
struct EyesView {
    eye: Eye,
    view: View,
    roster_changes: u32,
}

impl ViewBuilder {
    pub fn note_event(&mut self, event: &Event) {
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

    pub(super) fn players_have_shots(&mut self) {
        self.players_have = self.shots.len();
    }

    pub fn spectators_have_shots(&mut self) {
        self.shots.clear();
        self.players_have = 0;
    }

    /// Who is in the session changed, or what somebody is called.
    pub fn rebuild_roster(&mut self, sim: &Sim, name_of: impl Fn(Identity) -> DisplayName) {
        self.roster_changes = self.roster_changes.wrapping_add(1);
        self.roster.clear();
        self.roster.extend(sim.members().map(|(id, identity, _)| RosterEntry {
            sim_id: id.0,
            slot: identity.slot.0,
            team: identity.team.0,
            display_name: name_of(identity),
            bot: identity.bot,
        }));
    }

    pub fn roster(&self) -> &[RosterEntry] {
        &self.roster
    }

    /// What `eye` sees at the present tick, and the shots that players have not been sent.
    pub fn players_frame(&mut self, sim: &mut Sim, eye: Eye, epoch: Epoch) -> (&View, &[Shot]) {
        let at = self.build(sim, eye, epoch);
        (&self.views[at].view, &self.shots[self.players_have..])
    }

    /// What spectators will see of the present tick, and the shots that they have not been sent.
    pub fn spectators_frame(&mut self, sim: &mut Sim, epoch: Epoch) -> (&View, &[Shot]) {
        let at = self.build(sim, Eye::All, epoch);
        (&self.views[at].view, &self.shots)
    }

    /// The place of the view.
    fn build(&mut self, sim: &mut Sim, eye: Eye, epoch: Epoch) -> usize {
        let found = self.views.iter().position(|seen| seen.eye == eye);
        let at = found.unwrap_or_else(|| {
            let roster_changes = self.roster_changes.wrapping_sub(1);
            self.views.push(EyesView { eye, view: View::default(), roster_changes });
            self.views.len() - 1
        });
        let EyesView { view, roster_changes, .. } = &mut self.views[at];
        if *roster_changes != self.roster_changes {
            view.roster.clone_from(&self.roster);
            *roster_changes = self.roster_changes;
        } else if (view.epoch, view.tick) == (epoch.0, sim.tick().0) {
            return at;
        }
        sim.view(eye, &mut self.bodies);
        let state = sim.match_state();
        (view.epoch, view.tick) = (epoch.0, sim.tick().0);
        view.status = FrameStatus::of(state);
        view.phase_ends_at = state.phase_ends_at.map(|at| at.0);
        view.players.clear();
        view.players.extend(self.bodies.iter().map(public_player));
        at
    }
}

/// The wire's form of a public body; the same for live frames and for frames rebuilt from a log.
pub fn public_player(body: &PublicBody) -> PublicPlayer {
    let flag = |set: bool, bit: i32| if set { bit } else { 0 };
    let unplaced = PublicPlayer {
        sim_id: body.id.0,
        health: body.health_points,
        armour: body.armour_points,
        flags: flag(body.alive, FLAG_ALIVE) | flag(body.connected, FLAG_CONNECTED),
        kills: i32::from(body.kills),
        deaths: i32::from(body.deaths),
        ..PublicPlayer::default()
    };
    unplaced.at(body.pose.into())
}
