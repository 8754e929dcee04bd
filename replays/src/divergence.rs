//! The first divergence: which tick, which kind of state, whose, what was recorded and what was found.

use combat_components::ids::SimId;
use combat_components::tick::Tick;
use combat_systems::sim::Sim;
use combat_systems::state::StateKind;

use crate::player::{Panic, Played, Player};
use crate::reader::{Damage, DamageReason};
use crate::record::TickRecord;

/// Where a re-simulation first differs from its log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Divergence {
    pub tick: Tick,
    /// `None` for a panic, and when only the root differs.
    pub component: Option<StateKind>,
    /// `None` for a resource, and when it cannot be told.
    pub sim_id: Option<SimId>,
    /// The first field that differs, such as `poses[8].at.x`; `None` when somebody is there on one side only.
    pub field: Option<String>,
    /// That field as recorded, and as found; `None` when the log holds no state to compare with.
    pub expected: Option<String>,
    pub found: Option<String>,
    /// The tick whose states were compared: `tick`, or that of the next keyframe.
    pub compared_at: Option<Tick>,
    /// A second re-simulation agreed with the log: a fault of this run, not of the rules.
    pub transient: bool,
    pub panic: Option<Panic>,
}

impl Divergence {
    pub(crate) fn panicked(panic: Panic) -> Self {
        let phase = panic.phase.map_or("an unknown phase".to_owned(), |phase| format!("phase {phase:?}"));
        Self {
            tick: panic.tick,
            expected: Some("a simulated tick".to_owned()),
            found: Some(format!("a panic in {phase}: {}", panic.message)),
            panic: Some(panic),
            ..Self::default()
        }
    }

    pub(crate) fn failure_not_repeated(tick: Tick) -> Self {
        Self {
            tick,
            expected: Some("the panic that was recorded".to_owned()),
            found: Some("a simulated tick".to_owned()),
            ..Self::default()
        }
    }
}

/// The state of one body, or a resource, on both sides.
struct Difference {
    component: StateKind,
    sim_id: Option<SimId>,
    field: Option<String>,
    expected: String,
    found: String,
}

/// After a tick whose hashes are not the log's; `player` has just simulated it.
///
/// A second re-simulation from the last keyframe tells whether the fault repeats. If it does not, both states of
/// this very tick are there to be compared; if it does, only the next keyframe holds what was recorded.
pub(crate) fn at_tick(
    player: &mut Player<'_>,
    records: &[u8],
    record: &TickRecord<'_>,
    component: Option<StateKind>,
) -> Divergence {
    let tick = record.tick;
    let divergence = Divergence { tick, component, ..Divergence::default() };
    let before = Tick(tick.0.saturating_sub(1));
    let again = Player::from_keyframe(player.parts().clone(), records, before).ok();
    let again = again.and_then(|mut again| again.play_to(tick).unwrap_or(false).then_some(again));
    if let Some(mut again) = again.filter(|again| again.sim().output().root == record.root) {
        let difference = difference(again.sim_mut(), player.sim_mut(), suspects(&component));
        return Divergence { transient: true, ..divergence }.with(difference, tick);
    }
    match next_keyframe(player, tick) {
        Some((at, mut recorded)) => {
            divergence.with(difference(&mut recorded, player.sim_mut(), suspects(&component)), at)
        }
        None => divergence,
    }
}

/// At a keyframe whose hashes agree but whose state does not.
///
/// # Errors
/// When the recorded state is none.
pub(crate) fn at_keyframe(player: &mut Player<'_>, tick: Tick, state: &[u8]) -> Result<Divergence, Damage> {
    let mut recorded = Sim::restore(player.parts(), state).map_err(|error| Damage {
        offset: player.offset(),
        tick,
        reason: DamageReason::Keyframe(error.to_string()),
    })?;
    let difference = difference(&mut recorded, player.sim_mut(), &StateKind::ALL);
    let component = difference.as_ref().map(|difference| difference.component);
    Ok(Divergence { tick, component, ..Divergence::default() }.with(difference, tick))
}

impl Divergence {
    fn with(self, difference: Option<Difference>, at: Tick) -> Self {
        match difference {
            None => self,
            Some(Difference { component, sim_id, field, expected, found }) => Self {
                component: Some(component),
                sim_id,
                field,
                expected: Some(expected),
                found: Some(found),
                compared_at: Some(at),
                ..self
            },
        }
    }
}

/// The kind whose sub-hash differs, or every kind where none does.
fn suspects(component: &Option<StateKind>) -> &[StateKind] {
    if component.is_some() { component.as_slice() } else { &StateKind::ALL }
}

/// Plays on to the next keyframe and restores what it recorded.
fn next_keyframe(player: &mut Player<'_>, tick: Tick) -> Option<(Tick, Sim)> {
    loop {
        match player.advance() {
            Ok(Some(Played::Keyframe { tick: at, state, .. })) if at >= tick => {
                return Sim::restore(player.parts(), state).ok().map(|recorded| (at, recorded));
            }
            Ok(None | Some(Played::Panicked(_))) | Err(_) => return None,
            Ok(Some(_)) => {}
        }
    }
}

/// Canonical bytes of one kind of state, with whose they are.
type Parts = Vec<(Option<SimId>, Vec<u8>)>;

/// The first body, in `SimId` order, of which one of `kinds` is not the same on both sides.
fn difference(recorded: &mut Sim, found: &mut Sim, kinds: &[StateKind]) -> Option<Difference> {
    kinds.iter().find_map(|kind| {
        let (left, right) = (recorded.canonical(*kind), found.canonical(*kind));
        let one_sided = |a: &Parts, b: &Parts| a.iter().find(|entry| !b.contains(entry)).map(|(id, _)| *id);
        let ids = [one_sided(&left, &right), one_sided(&right, &left)];
        let sim_id = ids.into_iter().flatten().min()?;
        let [expected, found] = [&left, &right].map(|parts| fields(*kind, sim_id, parts));
        let differs = |(a, b): &(&(String, String), &(String, String))| a != b;
        Some(match expected.iter().zip(&found).find(differs) {
            Some(((name, expected), (_, found))) => Difference {
                component: *kind,
                sim_id,
                field: Some(name.clone()),
                expected: expected.clone(),
                found: found.clone(),
            },
            None => {
                let told = |fields: &[_]| if fields.is_empty() { "absent" } else { "present" }.to_owned();
                let (expected, found) = (told(&expected), told(&found));
                Difference { component: *kind, sim_id, field: None, expected, found }
            }
        })
    })
}

/// Every field of one part, by name, as text; nothing for a part that is not there.
fn fields(kind: StateKind, sim_id: Option<SimId>, parts: &Parts) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    if let Some((_, bytes)) = parts.iter().find(|(id, _)| *id == sim_id) {
        let traced =
            kind.trace(bytes, &mut |field| fields.push((field.name(), format!("{:?}", field.value))));
        traced.expect("a simulation's own canonical bytes");
    }
    fields
}
