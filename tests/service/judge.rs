//! What a session's log says, held against what its clients were told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use combat_components::command::Command;
use combat_components::event::Event;
use combat_components::ids::{Epoch, SimId, Slot};
use combat_components::quantity::Vec3Mm;
use combat_components::reason::Reason;
use combat_components::verdict::{Outcome, Verdict};
use combat_protocol::view::View;
use combat_replays::log::Log;
use combat_replays::player::{Played, Player};
use combat_systems::kinds::Kinds;
use combat_systems::views::Eye;
use realtime_combat_service::replication::view::ViewBuilder;
use realtime_combat_service::session::people::People;
use realtime_combat_service::{journal_log, store};

use crate::harness::record::Record;

/// An input as the log holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedInput {
    pub epoch: u32,
    pub tick: u32,
    pub slot: u8,
    pub input_seq: u32,
}

/// Where a living body stood after a tick, and whether the server had put it there.
#[derive(Clone, Copy, Debug)]
pub struct Stood {
    pub tick: u32,
    pub at: Vec3Mm,
    pub was_placed: bool,
}

/// A session's log, simulated again.
#[derive(Debug, Default)]
pub struct Truth {
    pub last_tick: u32,
    /// Each epoch with its first tick.
    pub epochs: BTreeMap<u32, u32>,
    /// Ticks with the microseconds since 1970 at which they were simulated.
    pub anchors: Vec<(u32, u64)>,
    pub inputs: Vec<LoggedInput>,
    /// At which tick the schedule was moved, and by how much.
    pub moves: Vec<(u32, u32)>,
    pub shots: Vec<(u32, SimId)>,
    /// Claims that were refused with a correction, and why.
    pub corrections: Vec<(u32, Slot, Option<Reason>)>,
    pub ways: BTreeMap<SimId, Vec<Stood>>,
    views: BTreeMap<(u32, u32), View>,
    /// Who is behind the pseudonyms, as the store says beside the log.
    people: People,
}

/// The log of a session as the store holds it, read beside the server or without one.
pub async fn log_of(data_dir: &Path, session: &str) -> Log {
    let store = store::open_reader(data_dir).await.expect("the journal can be read");
    let id = session.parse().expect("a session's id");
    journal_log::load(store.as_ref(), id).await.expect("the log can be read").expect("the session is known")
}

impl Truth {
    /// Simulates the log of a session again, up to its end; every root on the way must agree.
    pub async fn of(data_dir: &Path, session: &str, told: &[&Record]) -> Self {
        let log = log_of(data_dir, session).await;
        assert_eq!(log.lost, None, "the log is whole");
        let wanted = told.iter().flat_map(|record| record.views.keys().copied()).collect();
        let store = store::open_reader(data_dir).await.expect("the journal can be read");
        let people = People::of(store.as_ref(), log.header.setup.session).await.expect("people can be read");
        let truth = Self { people, ..Self::default() };
        let simulated = tokio::task::spawn_blocking(move || simulate(truth, &log, &wanted)).await;
        simulated.expect("the log can be simulated")
    }

    /// The last tick of an epoch that was not rolled back.
    pub fn last_tick_of(&self, epoch: u32) -> u32 {
        let next = self.epochs.range(epoch + 1..).next();
        next.map_or(self.last_tick, |(_, first_tick)| first_tick - 1)
    }

    /// Every frame that is final for a client shows what the log makes of that tick; no moment was shown in two
    /// ways, to nobody and to no two; and nothing that was called durable is missing. Answers with the frames compared.
    pub fn agrees_with(&self, told: &[&Record]) -> usize {
        let mut shown: BTreeMap<(u32, u32), &View> = BTreeMap::new();
        let mut compared = 0;
        for record in told {
            for (epoch, durable_tick) in &record.durable {
                let last = self.last_tick_of(*epoch);
                assert!(
                    *durable_tick <= last,
                    "tick {durable_tick} of epoch {epoch} was durable, the log has {last}"
                );
            }
            for (key, view) in &record.views {
                let before = shown.insert(*key, view);
                assert!(
                    before.is_none_or(|before| before == view),
                    "(epoch, tick) {key:?} shows two contents"
                );
                let is_final = record.durable.get(&key.0).is_some_and(|durable| key.1 <= *durable);
                match self.views.get(key) {
                    Some(truth) => {
                        assert_eq!(truth, view, "the frame of {key:?} is not what the log makes of it")
                    }
                    None => assert!(!is_final, "the frame of {key:?} was durable and is not in the log"),
                }
                compared += usize::from(is_final);
            }
        }
        compared
    }

    /// Every input of a client that was acknowledged at a durable tick is in the log, once.
    pub fn holds_inputs_of(&self, record: &Record) -> usize {
        let slot = record.welcomes.iter().find_map(|welcome| welcome.slot).expect("a player was welcomed");
        let logged: Vec<&LoggedInput> = self.inputs.iter().filter(|input| input.slot == slot).collect();
        let rises = logged.windows(2).find(|pair| pair[1].input_seq <= pair[0].input_seq);
        assert_eq!(rises, None, "an input was taken twice");
        let known: BTreeSet<(u32, u32)> = logged.iter().map(|input| (input.epoch, input.input_seq)).collect();
        let acknowledged = |epoch: u32| {
            let durable = record.durable.get(&epoch).copied().unwrap_or_default();
            let notes = record.owns.iter().filter(|own| own.epoch == epoch && own.tick <= durable);
            notes.map(|own| own.last_input_seq).max().unwrap_or_default()
        };
        let up_to: BTreeMap<u32, u32> =
            self.epochs.keys().map(|epoch| (*epoch, acknowledged(*epoch))).collect();
        let is_final = |sent: &&(u32, u32)| up_to.get(&sent.0).is_some_and(|up_to| sent.1 <= *up_to);
        let finals: Vec<_> = record.inputs.iter().filter(is_final).collect();
        for sent in &finals {
            assert!(known.contains(sent), "input {sent:?} was acknowledged for good and is not in the log");
        }
        finals.len()
    }
}

fn simulate(mut truth: Truth, log: &Log, wanted: &BTreeSet<(u32, u32)>) -> Truth {
    let mut player =
        Player::from_start(log.parts(&Kinds::SHIPPED).expect("map and ruleset are there"), &log.records)
            .expect("a log");
    let mut epoch = 1;
    while let Some(played) = player.advance().expect("no record is damaged") {
        match played {
            Played::EpochStart { epoch: begun, tick } => {
                epoch = begun.0;
                truth.epochs.insert(epoch, tick.0);
            }
            Played::Anchor { tick, unix_us } => truth.anchors.push((tick.0, unix_us)),
            Played::Ticked(record) => {
                assert_eq!(record.root, player.sim().output().root, "the root of tick {}", record.tick.0);
                truth.note_tick(&mut player, epoch, wanted);
            }
            Played::Keyframe { .. } => {}
            Played::Panicked(panic) => panic!("{panic:?}"),
            Played::FailedTickPassed { tick } => panic!("tick {} is recorded as failed", tick.0),
        }
    }
    truth
}

impl Truth {
    fn note_tick(&mut self, player: &mut Player<'_>, epoch: u32, wanted: &BTreeSet<(u32, u32)>) {
        let tick = player.sim().tick().0;
        self.last_tick = tick;
        for command in player.input() {
            match command {
                Command::Claim { claim } => self.note_input(epoch, tick, claim.slot, claim.input_seq),
                Command::Action { action } => self.note_input(epoch, tick, action.slot, action.input_seq),
                Command::ScheduleMoved { ticks } => self.moves.push((tick, *ticks)),
                _ => {}
            }
        }
        let output = player.sim().output();
        let mut placed = BTreeSet::new();
        for event in &output.events {
            match event {
                Event::Shot { shooter, .. } => self.shots.push((tick, *shooter)),
                Event::Displaced { id, .. } => drop(placed.insert(*id)),
                _ => {}
            }
        }
        let corrected = output.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Corrected);
        let of = |verdict: &Verdict| Some((tick, verdict.origin.player()?.0, verdict.reason));
        self.corrections.extend(corrected.filter_map(of));
        let mut bodies = Vec::new();
        player.sim_mut().view(Eye::All, &mut bodies);
        for body in bodies.iter().filter(|body| body.alive) {
            let stood = Stood { tick, at: body.pose.at, was_placed: placed.contains(&body.id) };
            self.ways.entry(body.id).or_default().push(stood);
        }
        if wanted.contains(&(epoch, tick)) {
            let mut builder = ViewBuilder::default();
            builder.rebuild_roster(player.sim(), |identity| self.people.name_of(identity));
            let (view, _) = builder.spectators_frame(player.sim_mut(), Epoch(epoch));
            self.views.insert((epoch, tick), view.clone());
        }
    }

    fn note_input(&mut self, epoch: u32, tick: u32, slot: Slot, input_seq: u32) {
        self.inputs.push(LoggedInput { epoch, tick, slot: slot.0, input_seq });
    }
}
