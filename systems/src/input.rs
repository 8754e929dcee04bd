//! Input: the tick's commands, in the stated order.
//!
//! Commands of session and services by arrival, then players in a permutation seeded by the tick, so that no
//! slot is favoured; each player's own inputs keep their order.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut};
use bevy_ecs::world::World;
use combat_components::claims::ClaimState;
use combat_components::command::Command;
use combat_components::limits::PLAYERS_MAX;
use combat_components::link::Link;
use combat_components::origin::Origin;
use combat_components::places::PlacesLeft;
use combat_components::reason::Reason;
use combat_components::streams::Stream;
use combat_components::tick::Tick;
use combat_components::verdict::Verdict;

use crate::inbox::{Inbox, Now};
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::tick_rules::TickRules;
use crate::{departures, membership};

/// The number that keeps the order of players apart from every stream.
const ORDER_CONSUMER: u64 = 3;

pub fn install(schedule: &mut Schedule) {
    let let_go = departures::let_go_who_was_shown.run_if(departures::somebody_has_left);
    schedule.add_systems(
        (begin_tick, let_go, apply_session_commands, order_player_inputs).chain().in_set(Phase::Input),
    );
}

fn begin_tick(mut now: ResMut<Now>, mut output: ResMut<TickOutput>, mut places_left: ResMut<PlacesLeft>) {
    places_left.give_back();
    now.0 = now.0.plus(1);
    output.tick = now.0;
    output.events.clear();
    output.verdicts.clear();
}

/// One command is copied at a time: should applying it panic, the tick's input is still there to be recorded. The
/// verdicts on requests come first of all, in the order of their numbers.
fn apply_session_commands(world: &mut World) {
    for index in 0..world.resource::<Inbox>().commands.len() {
        let command = &world.resource::<Inbox>().commands[index];
        let origin = command.origin();
        if origin.player().is_some() {
            continue;
        }
        let command = command.clone();
        let judged = membership::apply(world, &command);
        if origin != Origin::Service {
            world.resource_mut::<TickOutput>().verdicts.push(Verdict::judged(origin, judged));
        }
    }
}

fn order_player_inputs(
    now: Res<Now>,
    rules: Res<TickRules>,
    roster: Res<Roster>,
    mut inbox: ResMut<Inbox>,
    mut senders: Query<(&mut ClaimState, &Link)>,
    mut output: ResMut<TickOutput>,
) {
    let inbox = &mut *inbox;
    inbox.keyed.clear();
    inbox.ordered.clear();
    inbox.actions.clear();
    if inbox.commands.is_empty() {
        return;
    }
    let ranks = ranks_at(now.0, rules.setup.seed.0);
    let inputs_max = usize::from(rules.setup.limits.inputs_per_player_and_tick_max);
    let mut taken = [0_usize; PLAYERS_MAX];
    for (index, command) in inbox.commands.iter().enumerate() {
        let origin = command.origin();
        let Some((slot, input_seq)) = origin.player() else {
            continue;
        };
        let Some(entity) = roster.in_slot(slot) else {
            continue;
        };
        let (mut state, link) =
            senders.get_mut(entity).expect("every body in the roster has a claim state and a link");
        if input_seq <= state.input_seq || link.leaves.is_some() {
            continue;
        }
        state.input_seq = input_seq;
        let place = usize::from(slot.0);
        taken[place] += 1;
        match (taken[place] <= inputs_max, command) {
            (true, _) => inbox.keyed.push((ranks[place], index as u16)),
            (false, Command::Action { .. }) => {
                output.verdicts.push(Verdict::judged(origin, Err(Reason::TooManyInputs)));
            }
            (false, _) => {}
        }
    }
    inbox.keyed.sort_unstable();
    for (_, index) in &inbox.keyed {
        inbox.ordered.push(*index);
        if matches!(inbox.commands[usize::from(*index)], Command::Action { .. }) {
            inbox.actions.push(*index);
        }
    }
}

/// The rank of every slot at this tick: a permutation that only the seed and the tick decide.
pub(crate) fn ranks_at(tick: Tick, seed: u64) -> [u8; PLAYERS_MAX] {
    let mut stream = Stream::of(seed ^ u64::from(tick.0).rotate_left(32), ORDER_CONSUMER);
    let mut ranks: [u8; PLAYERS_MAX] = std::array::from_fn(|slot| slot as u8);
    for last in (1..PLAYERS_MAX).rev() {
        ranks.swap(last, stream.below(last as u32 + 1) as usize);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_many_ticks_no_slot_comes_first_more_often_than_another() {
        let firsts =
            (0..6_400).filter(|tick| ranks_at(Tick(*tick), 7)[0] < ranks_at(Tick(*tick), 7)[1]).count();
        assert!((3_000..3_400).contains(&firsts), "{firsts}");
    }
}
