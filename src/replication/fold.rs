//! One walk over what a tick gave: everybody who hears of its events and verdicts does so here.

use combat_components::event::Event;
use combat_components::identity::Identity;
use combat_components::ids::{DisplayName, Epoch};
use combat_components::phase::Phase;
use combat_components::verdict::Verdict;
use combat_systems::sim::Sim;

use super::connection::Connection;
use super::happenings::{Told, told_of};
use super::players::PlayersAudience;
use super::view::ViewBuilder;

/// Whoever hears of a tick beside its players.
pub trait Listener {
    /// `told`: the message that tells it, where there is one.
    fn event(&mut self, event: &Event, told: Option<&Told>);

    fn verdict(&mut self, verdict: &Verdict);
}

/// Nobody.
impl Listener for () {
    fn event(&mut self, _: &Event, _: Option<&Told>) {}

    fn verdict(&mut self, _: &Verdict) {}
}

/// What a tick's events come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Happened {
    pub damages: u32,
    /// Somebody came or went.
    pub members_changed: bool,
    /// The match began.
    pub became_active: bool,
}

impl Happened {
    /// Whether with this event the roster may differ from the last: when a match begins, teams may have been dealt anew.
    fn note(&mut self, event: &Event) -> bool {
        match event {
            Event::Damaged { .. } => self.damages += 1,
            Event::Joined { .. } | Event::Left { .. } => self.members_changed = true,
            Event::PhaseChanged { phase: Phase::Active } => self.became_active = true,
            _ => {}
        }
        self.members_changed || self.became_active
    }
}

/// Tells builder, players and `listener` what the newest tick gave, in its order. `name_of`: what others call a body, for the
/// roster, which is the new one before the first event that may have changed it is told.
pub fn fold<C: Connection>(
    sim: &Sim,
    epoch: Epoch,
    builder: &mut ViewBuilder,
    players: &mut PlayersAudience<C>,
    name_of: impl Fn(Identity) -> DisplayName,
    listener: &mut impl Listener,
) -> Happened {
    let output = sim.output();
    let mut happened = Happened::default();
    let mut has_roster = false;
    for event in &output.events {
        if happened.note(event) && !has_roster {
            builder.rebuild_roster(sim, &name_of);
            has_roster = true;
        }
        let told = told_of(event, epoch, output.tick, builder.roster());
        builder.note_event(event);
        players.note_event(event, told.as_ref());
        listener.event(event, told.as_ref());
    }
    for verdict in &output.verdicts {
        players.note_verdict(verdict, output.tick);
        listener.verdict(verdict);
    }
    happened
}

#[cfg(test)]
mod tests {
    use combat_components::cause::Cause;
    use combat_components::command::LeaveCause;
    use combat_components::ids::{SimId, Slot};
    use combat_components::quantity::MilliPoints;
    use combat_components::verdict::{Harm, Zone};

    use super::*;

    #[test]
    fn from_the_first_event_that_may_change_the_roster_it_is_stale() {
        let began = Event::PhaseChanged { phase: Phase::Active };
        let left = Event::Left { id: SimId(1), slot: Slot(0), cause: LeaveCause::Left };
        for (event, expected) in [
            (began, Happened { became_active: true, ..Happened::default() }),
            (left, Happened { members_changed: true, ..Happened::default() }),
        ] {
            let mut happened = Happened::default();
            let stale = [Event::PlayGoesOn, event, Event::PlayGoesOn].map(|event| happened.note(&event));
            assert_eq!((stale, happened), ([false, true, true], expected));
        }
    }

    #[test]
    fn every_damage_is_counted_and_leaves_the_roster_as_it_is() {
        let damaged = Event::Damaged {
            by: None,
            cause: Cause::World,
            victim: SimId(1),
            zone: Zone::Body,
            amount: MilliPoints(1),
            harm: Harm::default(),
            remaining_health: MilliPoints(1),
        };
        let mut happened = Happened::default();
        assert_eq!([damaged; 3].map(|event| happened.note(&event)), [false; 3]);
        assert_eq!(happened, Happened { damages: 3, ..Happened::default() });
    }
}
