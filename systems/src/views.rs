//! What audiences may see: bodies and events by eye, and of a body what only its owner sees.

use combat_components::event::Event;
use combat_components::ids::{SimId, Slot, Team};
use combat_components::limits::ABILITIES_MAX;
use combat_components::quantity::Pose;
use combat_components::tick::Tick;

use crate::movement::bank_ticks;
use crate::state::FighterReadOnlyItem;
use crate::tick_rules::TickRules;

/// Who looks: a view, and the events told beside it, are made for an eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eye {
    /// Sees every body, and of events what all may see.
    All,
    /// What the players of one team see.
    Team(Team),
}

/// Who may see an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    All,
    /// The players of one team, and nobody who only watches.
    Team(Team),
    /// That player alone, in his own part.
    Player(SimId),
    /// Nobody: other parts tell what came of it.
    Nobody,
}

impl Eye {
    /// What one player alone may see is in no lane, not even in his team's.
    pub fn sees(self, sight: Sight) -> bool {
        match sight {
            Sight::All => true,
            Sight::Team(team) => matches!(self, Self::Team(own) if own.is_ally_of(team)),
            Sight::Player(_) | Sight::Nobody => false,
        }
    }
}

/// Who may see an event. Health, arms and cooldowns are told by views, own parts and verdicts, never twice.
pub fn sight_of(event: &Event) -> Sight {
    match *event {
        Event::Joined { .. }
        | Event::Left { .. }
        | Event::Connected { .. }
        | Event::Disconnected { .. }
        | Event::Shot { .. }
        | Event::Died { .. }
        | Event::PhaseChanged { .. }
        | Event::Resumed { .. }
        | Event::PlayGoesOn
        | Event::Ended { .. } => Sight::All,
        Event::Displaced { id, .. }
        | Event::TooManyRefusals { id, .. }
        | Event::AbilityUsed { id, .. }
        | Event::Reloaded { id, .. }
        | Event::Switched { id, .. } => Sight::Player(id),
        Event::Damaged { .. } => Sight::Nobody,
    }
}

/// A body as an eye sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicBody {
    pub id: SimId,
    pub slot: Slot,
    pub pose: Pose,
    /// Whole points, rounded up.
    pub health_points: i32,
    pub armour_points: i32,
    pub alive: bool,
    pub connected: bool,
    pub kills: u16,
    pub deaths: u16,
}

/// What a body's owner sees besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnBody {
    pub id: SimId,
    pub input_seq: u32,
    pub pose: Pose,
    pub pose_epoch: u32,
    pub bank_ticks: u32,
    pub weapon: u8,
    pub rounds: u16,
    pub ready_at: Tick,
    pub reloaded_at: Option<Tick>,
    pub ability_ready_at: [Tick; ABILITIES_MAX],
    pub respawn_at: Option<Tick>,
}

/// `None` for a body that is hidden from `eye`: none is as yet, and of one that is seen everybody sees the same.
pub(crate) fn body_for(eye: Eye, fighter: &FighterReadOnlyItem<'_, '_>) -> Option<PublicBody> {
    let (Eye::All | Eye::Team(_)) = eye;
    Some(PublicBody {
        id: *fighter.id,
        slot: fighter.identity.slot,
        pose: fighter.body.pose,
        health_points: fighter.vitals.health.points_rounded_up(),
        armour_points: fighter.vitals.armour.points_rounded_up(),
        alive: fighter.vitals.is_alive(),
        connected: fighter.link.connected || fighter.identity.bot,
        kills: fighter.score.kills,
        deaths: fighter.score.deaths,
    })
}

pub(crate) fn own_body(fighter: &FighterReadOnlyItem<'_, '_>, now: Tick, rules: &TickRules) -> OwnBody {
    let arms = fighter.arms;
    OwnBody {
        id: *fighter.id,
        input_seq: fighter.claims.input_seq,
        pose: fighter.body.pose,
        pose_epoch: fighter.claims.pose_epoch,
        bank_ticks: bank_ticks(fighter.claims.bank_origin, now, rules),
        weapon: arms.in_hand,
        rounds: arms.rounds[usize::from(arms.in_hand)],
        ready_at: arms.fires_at(),
        reloaded_at: arms.reloaded_at,
        ability_ready_at: fighter.cooldowns.ready_at,
        respawn_at: fighter.vitals.respawn_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Team = Team(1);

    #[test]
    fn an_eye_sees_what_all_may_see_and_what_its_own_team_may() {
        let eyes = [Eye::All, Eye::Team(RED), Eye::Team(Team(2)), Eye::Team(Team::NONE)];
        let seen_by = |sight| eyes.map(|eye| eye.sees(sight));
        assert_eq!(seen_by(Sight::All), [true; 4]);
        assert_eq!(seen_by(Sight::Team(RED)), [false, true, false, false]);
        assert_eq!(seen_by(Sight::Team(Team::NONE)), [false; 4], "who fights alone has no team to see with");
        assert_eq!([seen_by(Sight::Player(SimId(1))), seen_by(Sight::Nobody)], [[false; 4]; 2]);
    }
}
