//! From the simulation's events to the reliable events of the wire.

use combat_components::event::Event;
use combat_components::ids::Epoch;
use combat_components::tick::Tick;
use combat_protocol::server::{EventMessage, Happening};
use combat_protocol::view::RosterEntry;
use combat_systems::views::{Sight, sight_of};

/// A message, and who may hear it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub sight: Sight,
    pub message: EventMessage,
}

impl Told {
    /// Everything up to `tick` is final.
    pub fn durable(Epoch(epoch): Epoch, Tick(tick): Tick) -> Self {
        let happening = Happening::Durable { epoch, tick };
        Self { sight: Sight::All, message: EventMessage { epoch, tick, happening } }
    }
}

/// The message that tells `event`; `None` for what frames, own parts and verdicts show anyway.
pub fn told_of(event: &Event, epoch: Epoch, tick: Tick, roster: &[RosterEntry]) -> Option<Told> {
    let happening = match *event {
        Event::Joined { id, .. } => {
            let entry = roster.iter().find(|entry| entry.sim_id == id.0)?;
            Happening::Joined { sim_id: id.0, display_name: entry.display_name }
        }
        Event::Left { id, cause, .. } => Happening::Left { sim_id: id.0, cause },
        Event::Died { victim, by, cause, zone } => {
            let killer = by.map(|by| by.0);
            Happening::Killed { victim: victim.0, killer, cause: cause.number(), zone }
        }
        Event::PhaseChanged { phase } => Happening::PhaseChanged { phase },
        Event::Ended { reason, winner: won } => {
            let (winner, winning_team) = (won.player().map(|id| id.0), won.team().map(|team| team.0));
            Happening::Ended { reason, winner, winning_team }
        }
        Event::Resumed { epoch } => Happening::Resumed { epoch: epoch.0 },
        Event::PlayGoesOn => Happening::PlayGoesOn,
        Event::Connected { .. }
        | Event::Disconnected { .. }
        | Event::Displaced { .. }
        | Event::TooManyRefusals { .. }
        | Event::Shot { .. }
        | Event::Damaged { .. }
        | Event::AbilityUsed { .. }
        | Event::Reloaded { .. }
        | Event::Switched { .. } => return None,
    };
    Some(Told { sight: sight_of(event), message: EventMessage { epoch: epoch.0, tick: tick.0, happening } })
}

#[cfg(test)]
mod tests {
    use combat_components::cause::Cause;
    use combat_components::command::LeaveCause;
    use combat_components::ids::{SimId, Slot, Team};
    use combat_components::phase::{EndReason, Phase, Winner};
    use combat_components::verdict::Zone;

    use super::*;

    #[test]
    fn who_has_won_is_told_as_a_player_as_a_team_or_as_nobody() {
        let reason = EndReason::ScoreLimit;
        let cases = [
            (Winner::Nobody, (None, None)),
            (Winner::Player { id: SimId(7) }, (Some(7), None)),
            (Winner::Team { team: Team(2) }, (None, Some(2))),
        ];
        for (won, (winner, winning_team)) in cases {
            let told =
                told_of(&Event::Ended { reason, winner: won }, Epoch(1), Tick(9), &[]).expect("it is told");
            let expected = Happening::Ended { reason, winner, winning_team };
            assert_eq!((told.sight, told.message.happening), (Sight::All, expected));
        }
    }

    #[test]
    fn what_is_told_names_epoch_tick_and_whom_it_concerns() {
        let entry = |id: u32| RosterEntry {
            sim_id: id,
            slot: 0,
            team: 0,
            display_name: Slot(id as u8).player_name(),
            bot: false,
        };
        let (cause, zone) = (Cause::Ability(3), Zone::Head);
        let died = |by| Event::Died { victim: SimId(7), by, cause, zone };
        let killed = |killer| Happening::Killed { victim: 7, killer, cause: 67, zone };
        let left = LeaveCause::Kicked;
        let cases = [
            (
                Event::Joined { id: SimId(8), slot: Slot(1) },
                Happening::Joined { sim_id: 8, display_name: Slot(8).player_name() },
            ),
            (
                Event::Left { id: SimId(8), slot: Slot(1), cause: left },
                Happening::Left { sim_id: 8, cause: left },
            ),
            (died(Some(SimId(9))), killed(Some(9))),
            (died(None), killed(None)),
            (Event::PhaseChanged { phase: Phase::Active }, Happening::PhaseChanged { phase: Phase::Active }),
            (Event::Resumed { epoch: Epoch(4) }, Happening::Resumed { epoch: 4 }),
            (Event::PlayGoesOn, Happening::PlayGoesOn),
        ];
        for (event, happening) in cases {
            let told = told_of(&event, Epoch(2), Tick(5), &[entry(7), entry(8)]).expect("it is told");
            let message = EventMessage { epoch: 2, tick: 5, happening };
            assert_eq!(told, Told { sight: Sight::All, message });
        }
    }
}
