//! From what arrived to what is meant: the only way from a `ClientMessage` to a `Command`.
//!
//! The slot comes from the connection, never from the message, so nobody can speak for another.

use combat_components::command::{Action, Claim, Command, Deed};
use combat_components::ids::{SimId, Slot};
use combat_components::limits::MAP_EXTENT_MM;
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::tick::Tick;
use combat_protocol::client::{ActMessage, ClaimMessage, ClientMessage};
use combat_protocol::numbers::ActKind;
use combat_protocol::pose::WirePose;
use thiserror::Error;

/// What a player's message means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// `ack`: the acknowledgement is wanted at once. `seen`: the word that came with it.
    Input {
        command: Command,
        ack: bool,
        seen: Option<Tick>,
    },
    Seen {
        epoch: u32,
        tick: Tick,
    },
    Ping {
        nonce: u32,
    },
    Leave,
}

/// Why a well-formed message means nothing.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Meaningless {
    #[error("inputSeq is 0, expected a number that rises from 1")]
    InputSeq,
    #[error("pitch is steeper than 89 degrees, expected -16201 to 16201")]
    Pitch,
    #[error("index is not 0, expected 0 for an attack or a reload: they are done with the weapon in hand")]
    Index,
    #[error("a coordinate lies more than 1 km from the origin")]
    Coordinate,
}

/// # Errors
/// When a value lies outside what the simulation accepts from anybody.
pub fn meaning(message: &ClientMessage, slot: Slot) -> Result<Meant, Meaningless> {
    let (command, ack, seen) = match message {
        ClientMessage::Claim(claim) => {
            let claimed = Command::Claim { claim: claim_of(claim, slot)? };
            (claimed, claim.ack, Some(Tick(claim.seen_tick)))
        }
        ClientMessage::Act(act) => (Command::Action { action: action_of(act, slot)? }, false, None),
        ClientMessage::Seen { epoch, tick } => {
            return Ok(Meant::Seen { epoch: *epoch, tick: Tick(*tick) });
        }
        ClientMessage::Ping { nonce } => return Ok(Meant::Ping { nonce: *nonce }),
        ClientMessage::Leave => return Ok(Meant::Leave),
    };
    Ok(Meant::Input { command, ack, seen })
}

fn claim_of(claim: &ClaimMessage, slot: Slot) -> Result<Claim, Meaningless> {
    let WirePose { at, yaw, pitch } = claim.pose;
    let pose = Pose { at: point(at)?, yaw: Yaw(yaw), pitch: elevation(pitch)? };
    Ok(Claim {
        slot,
        input_seq: numbered(claim.input_seq)?,
        client_tick: claim.client_tick,
        pose,
        bends: claim.bends.iter().map(|bend| point(*bend)).collect::<Result<_, _>>()?,
        view_tick: Tick(claim.view_tick),
        pose_epoch: claim.pose_epoch,
    })
}

fn action_of(act: &ActMessage, slot: Slot) -> Result<Action, Meaningless> {
    let deed = match (act.kind, act.index) {
        (ActKind::Attack, 0) => Deed::Attack,
        (ActKind::Reload, 0) => Deed::Reload,
        (ActKind::Ability, index) => Deed::Ability { index },
        (ActKind::Switch, index) => Deed::Switch { index },
        (ActKind::Attack | ActKind::Reload, _) => return Err(Meaningless::Index),
    };
    Ok(Action {
        slot,
        input_seq: numbered(act.input_seq)?,
        follows: act.follows,
        yaw: Yaw(act.yaw),
        pitch: elevation(act.pitch)?,
        view_tick: Tick(act.view_tick),
        view_fraction: act.view_fraction,
        deed,
        target: act.target.map(SimId),
    })
}

fn numbered(input_seq: u32) -> Result<u32, Meaningless> {
    if input_seq == 0 { Err(Meaningless::InputSeq) } else { Ok(input_seq) }
}

fn elevation(turn: i16) -> Result<Pitch, Meaningless> {
    Pitch::new(turn).ok_or(Meaningless::Pitch)
}

fn point([x, y, z]: [i32; 3]) -> Result<Vec3Mm, Meaningless> {
    let inside = [x, y, z].iter().all(|coordinate| (-MAP_EXTENT_MM..=MAP_EXTENT_MM).contains(coordinate));
    if inside { Ok(Vec3Mm::new(x, y, z)) } else { Err(Meaningless::Coordinate) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posed(pose: WirePose) -> ClaimMessage {
        ClaimMessage { pose, ..claim() }
    }

    fn claim() -> ClaimMessage {
        let pose = WirePose { at: [1, 2, 3], ..WirePose::default() };
        ClaimMessage { input_seq: 1, client_tick: 9, pose, ..ClaimMessage::default() }
    }

    #[test]
    fn a_claim_speaks_for_the_slot_of_its_connection() {
        let meant = meaning(&ClientMessage::Claim(claim()), Slot(7)).expect("the claim is sound");
        let Meant::Input { command: Command::Claim { claim }, .. } = meant else { panic!("{meant:?}") };
        assert_eq!((claim.slot, claim.pose.at), (Slot(7), Vec3Mm::new(1, 2, 3)));
    }

    #[test]
    fn an_act_is_one_of_four_deeds_and_only_two_of_them_have_an_index() {
        let act =
            |kind, index| ActMessage { input_seq: 1, kind, index, target: Some(9), ..ActMessage::default() };
        let meant = |kind, index| match meaning(&ClientMessage::Act(act(kind, index)), Slot(7))? {
            Meant::Input { command: Command::Action { action }, .. } => {
                Ok((action.slot, action.deed, action.target))
            }
            other => panic!("{other:?}"),
        };
        let done = |deed| Ok((Slot(7), deed, Some(SimId(9))));
        assert_eq!(meant(ActKind::Attack, 0), done(Deed::Attack));
        assert_eq!(meant(ActKind::Reload, 0), done(Deed::Reload));
        assert_eq!(meant(ActKind::Ability, 3), done(Deed::Ability { index: 3 }));
        assert_eq!(meant(ActKind::Switch, 1), done(Deed::Switch { index: 1 }));
        assert_eq!(meant(ActKind::Attack, 1), Err(Meaningless::Index));
        assert_eq!(meant(ActKind::Reload, 1), Err(Meaningless::Index));
    }

    #[test]
    fn values_that_no_simulation_takes_are_named() {
        let refused = |claim| meaning(&ClientMessage::Claim(claim), Slot(0)).expect_err("it is unsound");
        assert_eq!(refused(ClaimMessage { input_seq: 0, ..claim() }), Meaningless::InputSeq);
        assert_eq!(refused(posed(WirePose { pitch: i16::MIN, ..claim().pose })), Meaningless::Pitch);
        assert_eq!(
            refused(posed(WirePose { at: [1, 2, i32::MIN], ..claim().pose })),
            Meaningless::Coordinate
        );
        let mut bent = claim();
        bent.bends.push([0, 0, 1_000_001]);
        assert_eq!(refused(bent), Meaningless::Coordinate);
    }
}
