//! What players share of a match and what each hears alone.

use combat_components::command::{Action, Command, Deed};
use combat_components::event::Event;
use combat_components::identity::Identity;
use combat_components::ids::Epoch;
use combat_components::origin::Request;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::tick::Tick;
use combat_components::verdict::{Outcome, Verdict};
use combat_protocol::server::ServerMessage;

use super::Line;
use super::duel::{Duel, FRAME_TICKS, ONE, judged};
use crate::replication::fold::{Listener, fold};
use crate::replication::happenings::{Told, told_of};

#[test]
fn players_share_what_is_public_and_hear_alone_what_is_their_own() {
    let mut duel = Duel::new();
    (0..4).for_each(|_| duel.step());
    let welcomed = duel.lines.each_ref().map(|line| match &line.messages()[..] {
        [ServerMessage::Welcome(welcome)] => {
            (welcome.slot, welcome.own.is_some(), welcome.snapshot.roster.clone())
        }
        other => panic!("one welcome, and nothing of what came before: {other:?}"),
    });
    let [(one, ..), (other, ..)] = &welcomed;
    assert_eq!((one, other), (&Some(0), &Some(1)));
    for (_, own, roster) in &welcomed {
        let names: Vec<_> = roster.iter().flatten().map(|entry| entry.display_name.to_string()).collect();
        assert_eq!((own, &names[..]), (&true, &["Player 0".to_owned(), "Player 1".to_owned()][..]));
    }
    // A claim out of the map: the first is put back, and only he hears of it.
    duel.claim(1, Vec3Mm::new(900_000, 0, 0));
    duel.step();
    let [his, others] = duel.lines.each_ref().map(Line::messages);
    let [ServerMessage::Own(part)] = &his[..] else { panic!("his own part at once: {his:?}") };
    assert_eq!(part.correction.map(|correction| correction.input_seq), Some(1));
    assert_eq!(others, []);
    (0..3).for_each(|_| duel.step());
    let [his, others] = duel.lines.each_ref().map(Line::heard);
    assert_eq!((his.len(), others.len()), (2, 2), "a delta and an own part each");
    assert_eq!(his[0].as_ptr(), others[0].as_ptr(), "the delta is one for both");
}

/// Remembers what it hears.
#[derive(Default)]
struct Heard {
    events: Vec<(Event, Option<Told>)>,
    verdicts: Vec<Verdict>,
}

impl Listener for Heard {
    fn event(&mut self, event: &Event, told: Option<&Told>) {
        self.events.push((*event, told.copied()));
    }

    fn verdict(&mut self, verdict: &Verdict) {
        self.verdicts.push(*verdict);
    }
}

#[test]
fn whoever_listens_hears_all_of_a_tick_in_its_order_with_the_names_of_those_who_came_in_it() {
    let mut duel = Duel::unconnected();
    let Duel { sim, builder, audience, input, .. } = &mut duel;
    for (command, number) in input.iter_mut().zip(1..) {
        if let Command::Join { request, .. } = command {
            *request = Some(Request { number, key: None });
        }
    }
    sim.step(input);
    let mut heard = Heard::default();
    let name_of = |identity: Identity| identity.slot.player_name();
    let happened = fold(sim, Epoch(1), builder, audience, name_of, &mut heard);
    let output = sim.output();
    assert!(happened.members_changed && output.events.len() >= 2 && output.verdicts.len() == 2);
    assert!(heard.events.iter().map(|(event, _)| event).eq(&output.events));
    assert_eq!(heard.verdicts, output.verdicts);
    for (event, told) in heard.events {
        assert_eq!(told, told_of(&event, Epoch(1), Tick(1), builder.roster()), "{event:?}");
        assert!(told.is_some() || !matches!(event, Event::Joined { .. }), "he has a name by then");
    }
}

#[test]
fn a_shot_has_its_verdict_with_its_tick_and_is_drawn_in_the_next_frame_of_both() {
    let mut duel = Duel::welcomed();
    let action = Action {
        slot: ONE,
        input_seq: 5,
        follows: 0,
        yaw: Yaw(0),
        pitch: Pitch::new(Pitch::LIMIT).expect("straight up"),
        view_tick: duel.sim.tick(),
        view_fraction: 0,
        deed: Deed::Attack,
        target: None,
    };
    duel.input.push(Command::Action { action });
    duel.step();
    let [own] = &duel.owns(ONE)[..] else { panic!("his verdict at once") };
    let verdict = own.verdicts.first().expect("his verdict");
    assert_eq!((verdict.input_seq, verdict.outcome, verdict.applied_tick), (5, Outcome::Applied, 5));
    duel.step_by(FRAME_TICKS - 1);
    for line in &duel.lines {
        let [ServerMessage::Delta(delta), ServerMessage::Own(own)] = &line.messages()[..] else {
            panic!("a frame and an own part")
        };
        let shooters: Vec<_> = delta.shots.iter().map(|shot| shot.shooter).collect();
        assert_eq!((shooters, judged(own)), (vec![1], vec![]));
    }
}
