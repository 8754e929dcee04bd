//! Bots against the simulation itself, faster than real time and by a clock of the test's own.

use combat_components::command::TickInput;
use combat_components::event::Event;
use combat_components::ids::Slot;
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_components::verdict::Outcome;
use combat_protocol::draft::DRAFT;
use combat_protocol::server::Welcome;
use combat_systems::sim::{Sim, SimParts};

use super::parts;
use crate::bots::messages::Messages;
use crate::bots::skill::Identity;
use crate::bots::watch::Field;
use crate::rehearsal::{Player, STANDING, Stage, is_awake, millis};
use crate::replication::fold::fold;
use crate::replication::players::{PlayersAudience, WelcomeTemplate};
use crate::replication::view::ViewBuilder;
use crate::session::outbox::Outbox;
use crate::session::people::{People, Person};

/// One match without a server around it.
struct Match {
    field: Field,
    sim: Sim,
    audience: PlayersAudience<Outbox>,
    builder: ViewBuilder,
    people: People,
    input: TickInput,
    players: Vec<Player>,
    messages: Messages,
    kills: u32,
    shots: u32,
    hits: u32,
    refusals: Vec<(Tick, Slot, Reason)>,
    corrections: Vec<(Tick, Slot, Reason)>,
    dashes: u32,
    upstairs: u32,
}

impl Match {
    fn of(parts: &SimParts, bots: u8) -> Self {
        let abilities = parts.ruleset.abilities.iter().map(|ability| ability.name.clone()).collect();
        let template = Welcome {
            tick_rate_hz: 128,
            frame_hz: 32,
            abilities,
            protocol_draft: DRAFT,
            ..Welcome::default()
        };
        let template = WelcomeTemplate(template);
        let mut this = Self {
            field: Field::of(parts),
            sim: Sim::new(parts).expect("the setup is sound"),
            audience: PlayersAudience::new(&parts.setup, template),
            builder: ViewBuilder::default(),
            people: People::default(),
            input: TickInput::new(),
            players: Vec::new(),
            messages: Messages::default(),
            kills: 0,
            shots: 0,
            hits: 0,
            refusals: Vec::new(),
            corrections: Vec::new(),
            dashes: 0,
            upstairs: 0,
        };
        for number in 0..bots {
            let joined = Player::join(number, parts, &mut this.audience, &mut this.input);
            let Identity { player, name, .. } = Identity::of(usize::from(number));
            this.people.meet(Person { pseudonym: joined.pseudonym, player, name: Some(name) });
            this.players.push(joined);
        }
        this
    }

    fn play(&mut self, seconds: u32) {
        for _ in 0..seconds * 128 {
            self.tick();
        }
    }

    fn tick(&mut self) {
        let tick = self.sim.tick().0;
        for at in 0..self.players.len() {
            if is_awake(at, tick) {
                self.players[at].wake(&self.field, millis(tick), &mut self.messages, &mut self.input);
            }
        }
        self.audience.log_link_facts(&mut self.input);
        self.sim.step(&mut self.input);
        self.input.clear();
        self.note();
        let Self { sim, builder, audience, people, .. } = self;
        fold(sim, STANDING.epoch, builder, audience, |identity| people.name_of(identity), &mut ());
        let frame_due = self.sim.tick().0.is_multiple_of(self.audience.frame_ticks());
        self.audience.after_step(&mut self.sim, &mut self.builder, frame_due, STANDING);
        self.builder.spectators_have_shots();
        let now_ms = millis(self.sim.tick().0);
        self.players.iter_mut().for_each(|player| player.hear(now_ms, |_| ()));
    }

    fn note(&mut self) {
        let (tick, output) = (self.sim.tick(), self.sim.output());
        for event in &output.events {
            match event {
                Event::Died { .. } => self.kills += 1,
                Event::Shot { struck, .. } => {
                    self.shots += 1;
                    self.hits += u32::from(struck.is_some());
                }
                Event::Displaced { slot, reason, .. } if *reason < Reason::ScheduleMoved => {
                    self.corrections.push((tick, *slot, *reason));
                }
                Event::AbilityUsed { .. } => self.dashes += 1,
                _ => {}
            }
        }
        let refused = output.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Refused);
        self.refusals
            .extend(refused.filter_map(|verdict| Some((tick, verdict.origin.player()?.0, verdict.reason?))));
        let own = (0..self.players.len()).filter_map(|slot| self.sim.own_view(Slot(slot as u8)));
        self.upstairs += own.filter(|own| own.pose.at.y > 2_500).count() as u32;
    }
}

/// Ten bots in the arena: they fight at a good pace, on both floors, and no claim of theirs is refused.
#[test]
fn ten_bots_fight_at_a_good_pace_and_never_claim_what_is_illegal() {
    for seed in [7, 8] {
        let parts = Stage::of("arena", "deathmatch", 10, seed).parts;
        let mut game = Match::of(&parts, 10);
        game.play(65);
        let upstairs_percent = game.upstairs * 100 / (65 * 128 * 10);
        println!(
            "seed {seed}: {} kills, {} shots, {} hits, {} dashes, {upstairs_percent} % upstairs, corrections {:?}",
            game.kills, game.shots, game.hits, game.dashes, game.corrections
        );
        assert!((15..=40).contains(&game.kills), "seed {seed}: {} kills in a minute", game.kills);
        assert_eq!(game.corrections, [], "seed {seed}");
        assert!(game.refusals.len() < 20, "seed {seed}: {:?}", game.refusals);
        assert!(
            game.dashes > 3 && upstairs_percent > 5,
            "seed {seed}: {} dashes, {upstairs_percent} %",
            game.dashes
        );
        for player in &game.players {
            let counters = player.client.counters();
            assert_eq!((counters.view_hash_mismatches, counters.frames_refused), (0, 0), "seed {seed}");
            assert_eq!(counters.snapshots, 1, "seed {seed}: a bot keeps up with its frames");
        }
    }
}

#[test]
fn two_bots_settle_a_duel() {
    let mut game = Match::of(&parts("duel-box", 2), 2);
    game.play(60);
    println!("{} kills, {} shots, {} hits", game.kills, game.shots, game.hits);
    assert!(game.kills >= 2, "seed 7: {} kills in a minute", game.kills);
    assert_eq!(game.corrections, [], "seed 7");
}
