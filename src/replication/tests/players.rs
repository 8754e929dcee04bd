//! What players share of a match and what each hears alone.

use combat_components::command::{Claim, Command, TickInput};
use combat_components::ids::{Epoch, Pseudonym, Slot, Team};
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::tick::Tick;
use combat_protocol::codec::Encoding;
use combat_protocol::server::ServerMessage;
use combat_systems::sim::Sim;

use super::Line;
use crate::rehearsal::Stage;
use crate::replication::fold::fold;
use crate::replication::players::{Arrived, PlayersAudience, Standing, WelcomeTemplate};
use crate::replication::view::ViewBuilder;

/// Two who have joined a duel, and what they are sent.
struct Duel {
    sim: Sim,
    audience: PlayersAudience<Line>,
    builder: ViewBuilder,
    input: TickInput,
    lines: [Line; 2],
}

impl Duel {
    fn new() -> Self {
        let parts = Stage::of("duel-box", "duel", 2, 7).parts;
        let audience = PlayersAudience::new(&parts.setup, WelcomeTemplate::default());
        let sim = Sim::new(&parts).expect("the setup is sound");
        let (builder, lines) = (ViewBuilder::default(), [Line::new(), Line::new()]);
        let mut duel = Self { sim, audience, builder, input: TickInput::new(), lines };
        for number in 0..2_u8 {
            let (slot, pseudonym) = (Slot(number), Pseudonym(number.into()));
            let join = Command::Join { slot, pseudonym, team: Team::NONE, bot: false, request: None };
            duel.input.extend([join, Command::Connected { slot }]);
            let (outbox, encoding) = (duel.lines[usize::from(number)].clone(), Encoding::MessagePack);
            duel.audience.arrive(Arrived {
                slot,
                connection: number.into(),
                outbox,
                encoding,
                seen: None,
                since: Tick(0),
            });
        }
        duel
    }

    fn step(&mut self) {
        self.sim.step(&mut self.input);
        self.input.clear();
        let Self { sim, builder, audience, .. } = self;
        fold(sim, Epoch(1), builder, audience, |identity| identity.slot.player_name(), &mut ());
        let durable_tick = self.sim.tick();
        let standing = Standing { epoch: Epoch(1), epoch_began_at: Tick(0), durable_tick };
        let frame_due = self.sim.tick().0.is_multiple_of(self.audience.frame_ticks());
        self.audience.after_step(&mut self.sim, &mut self.builder, frame_due, standing);
    }
}

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
    let own = duel.sim.own_view(Slot(0)).expect("he has joined");
    let at = Vec3Mm::new(900_000, 0, 0);
    let claim = Claim {
        slot: Slot(0),
        input_seq: 1,
        client_tick: 8,
        pose: Pose { at, ..own.pose },
        view_tick: Tick(4),
        pose_epoch: own.pose_epoch,
        bends: Default::default(),
    };
    duel.input.push(Command::Claim { claim });
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
