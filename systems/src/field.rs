//! The match as a whole: everybody who is in it, and how they come to stand somewhere.

use arrayvec::ArrayVec;
use bevy_ecs::system::{Query, ResMut, SystemParam};
use combat_components::departed::{Departed, DepartedPlayers};
use combat_components::event::Event;
use combat_components::mode_state::ModeState;
use combat_components::phase::{MatchState, Phase as MatchPhase};
use combat_components::places::PlacesLeft;
use combat_components::streams::Streams;
use combat_components::things::Things;
use combat_components::tick::Tick;
use combat_components::vitals::{Strength, Vitals};

use crate::ground::Ground;
use crate::modes::{CONTENDERS_MAX, Contender, Stander};
use crate::roster::Roster;
use crate::spawns::{Standing, appear, choose_spawn};
use crate::state::{Fighter, FighterReadOnlyItem};

/// Everybody who contends, whether here or gone.
pub(crate) type Contenders<'a> = ArrayVec<Contender<'a>, CONTENDERS_MAX>;

/// Everybody who is in the match or was, and the ground they stand on.
#[derive(SystemParam)]
pub struct Field<'w, 's> {
    pub roster: ResMut<'w, Roster>,
    pub state: ResMut<'w, MatchState>,
    pub departed: ResMut<'w, DepartedPlayers>,
    pub streams: ResMut<'w, Streams>,
    pub places_left: ResMut<'w, PlacesLeft>,
    pub things: ResMut<'w, Things>,
    pub kept: ResMut<'w, ModeState>,
    pub fighters: Query<'w, 's, Fighter>,
    pub ground: Ground<'w>,
}

impl Field<'_, '_> {
    /// Nothing of a round is left for the next one.
    pub(crate) fn clear_things(&mut self) {
        if !self.things.placed.0.is_empty() {
            self.things.placed.0.clear();
        }
    }

    pub(crate) fn enter(&mut self, phase: MatchPhase, ends_at: Option<Tick>) {
        self.state.phase = phase;
        self.state.phase_ends_at = ends_at;
        self.ground.displacing().output.events.push(Event::PhaseChanged { phase });
    }

    /// Whether the mode's least number of players is connected; a bot always is.
    pub(crate) fn has_enough_players(&self) -> bool {
        let is_here = |fighter: &FighterReadOnlyItem<'_, '_>| fighter.link.connected || fighter.identity.bot;
        let connected = self.fighters.iter().filter(is_here).count();
        self.ground.rules().mode.may_begin(connected)
    }

    /// Whether fewer are there than the mode needs. A body whose socket is gone is there.
    pub(crate) fn is_short(&self) -> bool {
        self.roster.len() < usize::from(*self.ground.rules().mode.players().start())
    }

    /// Whether those who are there and those who may still come back are enough; nobody's absence is another's. A
    /// session without anybody is left to the clock of the empty.
    pub(crate) fn can_be_enough_again(&self) -> bool {
        let rules = self.ground.rules();
        let may_come_back = |departed: &&Departed| departed.score.away_ticks < rules.empty_ticks_max;
        let awaited = self.departed.0.iter().filter(may_come_back).count();
        let here = self.roster.len();
        here == 0 || here + awaited >= usize::from(*rules.mode.players().start())
    }

    /// Into `all`, where it stays: to return it would copy the room for everybody in every tick.
    pub(crate) fn contenders<'a>(&'a self, all: &mut Contenders<'a>) {
        let present = self.fighters.iter().map(|fighter| Contender {
            id: *fighter.id,
            team: fighter.identity.team,
            score: fighter.score,
            present: true,
        });
        let departed = self.departed.0.iter().map(|departed| Contender {
            id: departed.id,
            team: departed.team.unwrap_or_default(),
            score: &departed.score,
            present: false,
        });
        all.extend(present.chain(departed).take(CONTENDERS_MAX));
    }
}

/// Everybody chosen stands up at a spawn point, in the order of their ids.
///
/// None of them stands anywhere while places are chosen, so that the first has as much choice as the last.
pub(crate) fn place(is_chosen: impl Fn(&Vitals) -> bool, field: &mut Field<'_, '_>) {
    const CHOSEN: Option<Tick> = Some(Tick(0));
    let now = field.ground.now();
    for mut fighter in &mut field.fighters {
        if is_chosen(&fighter.vitals) {
            fighter.vitals.respawn_at = CHOSEN;
        }
    }
    for entity in field.roster.entities() {
        let fighter = field.fighters.get(entity).expect("every entity of the roster is a fighter");
        if fighter.vitals.respawn_at != CHOSEN {
            continue;
        }
        let standing = living(&field.roster, &field.fighters);
        let (rules, level) = (field.ground.rules(), field.ground.level());
        let draws = (&mut field.streams.spawns, &mut *field.places_left);
        let team = fighter.identity.team;
        let pose = choose_spawn(rules, level, (team, &standing), draws);
        let mut fighter = field.fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        let returns_with = fighter.vitals.returns_with;
        let (arms, cooldowns) = (*fighter.arms, *fighter.cooldowns);
        fighter.make_whole(field.ground.rules(), now);
        if let Some(Strength { health, armour }) = returns_with {
            (fighter.vitals.health, fighter.vitals.armour) = (health, armour);
            (*fighter.arms, *fighter.cooldowns) = (arms, cooldowns);
        }
        appear(&mut fighter, pose, &mut field.ground.displacing());
    }
}

pub(crate) fn living(roster: &Roster, fighters: &Query<Fighter>) -> Standing {
    let fighters = roster.entities().map(|entity| fighters.get(entity));
    let living = fighters.flatten().filter(|fighter| fighter.vitals.is_alive());
    living
        .map(|fighter| Stander { id: *fighter.id, at: fighter.body.pose.at, team: fighter.identity.team })
        .collect()
}
