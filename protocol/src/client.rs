//! What a client says: raw and untrusted, plain integers as they arrived.

use arrayvec::ArrayVec;
use combat_components::limits::SUB_POSES_MAX;

use crate::codec::declare::{messages, record};
use crate::codec::form::{List, Spread};
use crate::numbers::ActKind;
use crate::pose::WirePose;

record! {
    /// A claim of position, in millimetres and 1/65,536 turn.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct ClaimMessage {
        /// number of this input: one rising counter for claims and actions alike, from 1
        input_seq "inputSeq": u32,
        /// your own clock in ticks; only differences count, see [Moving](#moving)
        client_tick "clientTick": u32,
        /// where the body is claimed to stand and look
        pose (): WirePose as Spread,
        /// the frame you were showing
        view_tick "viewTick": u32,
        /// of the last displacement you know of
        pose_epoch "poseEpoch": u32,
        /// the newest frame you have processed, see [Giving your word](#giving-your-word)
        seen_tick "seenTick": u32,
        /// acknowledge at once instead of with the next frame
        ack "ack": bool,
        /// corners of the way since the last claim, oldest first
        bends ("bends", "bend"): ArrayVec<[i32; 3], SUB_POSES_MAX> as List<SUB_POSES_MAX>,
    }
}

record! {
    /// A deed: a shot, the use of an ability, a reload, a weapon taken in hand.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct ActMessage {
        /// as in claim
        input_seq "inputSeq": u32,
        /// `inputSeq` of the claim from whose pose it is done; 0 for the pose that holds
        follows "follows": u32,
        /// what is done
        kind "kind": ActKind,
        /// into the `abilities` or, for a weapon to be taken in hand, the `weapons` of the welcome; else 0
        index "index": u8,
        /// where you aim
        yaw "yaw": u16,
        /// where you aim
        pitch "pitch": i16,
        /// the frame you were showing …
        view_tick "viewTick": u32,
        /// … and how far between it and the next, in 1/256
        view_fraction "viewFraction": u8,
        /// `simId` of whom you mean, for abilities that ask for it
        target "target": Option<u32>,
    }
}

messages! {
    /// A message from a client. Spectators may send `Seen` and `Ping` only.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum ClientMessage {
        1 "claim" = Claim(claim: ClaimMessage),
        2 "act" = Act(act: ActMessage),
        3 "seen" = Seen {
            /// of the newest frame you have processed
            epoch "epoch": u32,
            /// of that frame
            tick "tick": u32,
        },
        4 "ping" = Ping {
            /// given back in a [`pong`](#pong)
            nonce "nonce": u32,
        },
        5 "leave" = Leave,
    }
}
