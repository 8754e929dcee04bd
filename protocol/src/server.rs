//! What the server says.

use arrayvec::ArrayVec;
use combat_components::limits::{ABILITIES_MAX, PLAYERS_MAX, WEAPONS_MAX};
use combat_components::reason::Reason;
use combat_components::verdict::Outcome;

pub use crate::change::PlayerChange;
use crate::codec::declare::{messages, record, row};
use crate::codec::form::{Cut, List, NewestRows, Part, Rows, Spread, Word};
pub use crate::event::Happening;
pub use crate::hit::VerdictHit;
use crate::limits::{FRAME_SHOTS_MAX, OWN_VERDICTS_MAX, STATUS_REASON_BYTES_MAX};
use crate::numbers::{FrameStatus, Role, ServerState};
use crate::pose::WirePose;
use crate::view::{PublicPlayer, RosterEntry, Shot, View, view_hash};

record! {
    /// The first message of every connection.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Welcome {
        /// which session this is
        session_id "sessionId": String,
        /// in which part you take part
        role "role": Role as Word,
        /// your id in every list of players; nil for spectators
        sim_id "simId": Option<u32>,
        /// your place; nil for spectators
        slot "slot": Option<u8>,
        /// ticks a second
        tick_rate_hz "tickRateHz": u32,
        /// frames a second on this connection
        frame_hz "frameHz": u32,
        /// present epoch
        epoch "epoch": u32,
        /// present tick
        tick "tick": u32,
        /// everything up to here is final
        durable_tick "durableTick": u32,
        /// what final means: `journal` (synced to that machine's disk) or `postgres`
        durability "durability": String,
        /// how far behind the match you are kept; 0 for players
        delay_ms "delayMs": u32,
        /// the level: `GET /api/v1/combat/maps/{mapId}`
        map_id "mapId": String,
        /// SHA-256 of the level's bytes, 64 hexadecimal digits
        map_hash "mapHash": String,
        /// the rules: `GET /api/v1/combat/rulesets/{name}`, with speeds, jumps, weapons
        ruleset_name "rulesetName": String,
        /// SHA-256 of the rules' bytes, 64 hexadecimal digits
        ruleset_hash "rulesetHash": String,
        /// names; messages use indices into this list
        weapons ("weapons", "weapon"): Vec<String> as List<WEAPONS_MAX>,
        /// names; messages use indices into this list
        abilities ("abilities", "ability"): Vec<String> as List<ABILITIES_MAX>,
        /// the last input taken; go on above it
        last_input_seq "lastInputSeq": u32,
        /// where the match was taken up again since you last saw it, see [Resuming](#resuming)
        resumed "resumed": Option<ResumedFrom>,
        /// all that there is to see
        snapshot "snapshot": Snapshot as Part,
        /// what concerns you alone; nil for spectators
        own "own": Option<Own> as Part,
        /// the [draft](#drafts) of this version that the server speaks
        protocol_draft "protocolDraft": u32,
    }
}

row! {
    /// Where a session was taken up again, and what the client had said it had seen.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct ResumedFrom = "resumed" {
        /// the present one
        epoch "epoch": u32,
        /// the last that was kept: after it all was played anew
        tick "tick": u32,
        /// in which you saw your newest frame, as you said
        rolled_back_from_epoch "rolledBackFromEpoch": u32,
        /// of that frame, as you said
        rolled_back_from_tick "rolledBackFromTick": u32,
    }
}

record! {
    /// A whole view and the hash over its players.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Snapshot {
        /// how often the session was taken up again, from 1
        epoch "epoch": u32,
        /// that this shows
        tick "tick": u32,
        /// where the match stands
        status "status": FrameStatus,
        /// tick at which the present phase ends by itself
        phase_ends_at "phaseEndsAt": Option<u32>,
        /// who takes part, by rising `simId`; nil: you have been told, and nobody has joined or left since
        roster "roster": Option<Vec<RosterEntry>> as Rows<PLAYERS_MAX>,
        /// the players of the roster by rising `simId`, as they stand
        players "players": Vec<PublicPlayer> as Rows<PLAYERS_MAX>,
        /// of these players, see [Frames](#frames)
        view_hash "viewHash": u32,
    }
}

impl Snapshot {
    /// All of a view, for somebody who knows nobody yet.
    pub fn of(view: &View) -> Self {
        let &View { epoch, tick, status, phase_ends_at, ref roster, ref players } = view;
        let (roster, players, view_hash) = (Some(roster.clone()), players.clone(), view_hash(players));
        Self { epoch, tick, status, phase_ends_at, roster, players, view_hash }
    }
}

record! {
    /// What changed in a view from `base_tick` to `tick`.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Delta {
        /// that of the frame this builds on
        epoch "epoch": u32,
        /// that this shows
        tick "tick": u32,
        /// of the frame this builds on: you must hold it
        base_tick "baseTick": u32,
        /// as in snapshot
        status "status": FrameStatus,
        /// as in snapshot
        phase_ends_at "phaseEndsAt": Option<u32>,
        /// who is new in the roster, or replaces the one with that `simId`
        joined "joined": Vec<RosterEntry> as Rows<PLAYERS_MAX>,
        /// `simId`s that are gone, from roster and players
        left ("left", "simId"): Vec<u32> as List<PLAYERS_MAX>,
        /// by rising `simId`: whose fields have new values
        changed "changed": Vec<PlayerChange> as Rows<PLAYERS_MAX>,
        /// since the base, to be drawn
        shots "shots": Vec<Shot> as NewestRows<FRAME_SHOTS_MAX>,
        /// of the players after this delta; nil when none is due, see [Frames](#frames)
        view_hash "viewHash": Option<u32>,
    }
}

record! {
    /// What concerns one player only.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Own {
        /// after which all this holds
        tick "tick": u32,
        /// every input up to this has been taken
        last_input_seq "lastInputSeq": u32,
        /// everything up to here is final
        durable_tick "durableTick": u32,
        /// present pose epoch
        pose_epoch "poseEpoch": u32,
        /// what is left in the bank, see [Moving](#moving)
        bank_ticks "bankTicks": u32,
        /// index into `weapons`
        weapon_in_hand "weaponInHand": u8,
        /// in the magazine of that weapon
        rounds "rounds": u16,
        /// the weapon in hand fires (again) from this tick on: drawn, and its interval passed
        ready_at_tick "readyAtTick": u32,
        /// while reloading: when it is done
        reloaded_at_tick "reloadedAtTick": Option<u32>,
        /// by index; there may be more entries than abilities
        ability_ready_at_ticks ("abilityReadyAtTicks", "tick"): ArrayVec<u32, ABILITIES_MAX> as List<ABILITIES_MAX>,
        /// while dead: when you stand up again
        respawn_at_tick "respawnAtTick": Option<u32>,
        /// where your body stands, whatever you claimed, see [Corrections](#corrections)
        correction "correction": Option<Correction>,
        /// in the order in which they were judged, which need not be that of `inputSeq`
        verdicts "verdicts": Vec<InputVerdict> as NewestRows<OWN_VERDICTS_MAX>,
    }
}

row! {
    /// The pose that holds for a player, and why it is not the claimed one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Correction = "correction" {
        /// why
        reason "reason": Reason,
        /// the claim that was refused; 0 when the server moved the body by itself
        input_seq "inputSeq": u32,
        /// where the body stands and looks
        pose (): WirePose as Spread,
        /// a new one: claims with an older one are dropped
        pose_epoch "poseEpoch": u32,
        /// what is left in the bank
        bank_ticks "bankTicks": u32,
        /// in millimetres per second: the body goes on from the pose this fast
        velocity ["vx", "vy", "vz"]: [i32; 3] as Spread,
        /// your own clock at that pose; nil when your next claim sets the clock
        client_tick "clientTick": Option<u32>,
    }
}

row! {
    /// The verdict on one input.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct InputVerdict = "verdict" {
        /// of the input
        input_seq "inputSeq": u32,
        /// what became of it
        outcome "outcome": Outcome,
        /// nil unless there is one
        reason "reason": Option<Reason>,
        /// when it was judged
        applied_tick "appliedTick": u32,
        /// what an attack did to whom it struck
        hit (): Option<VerdictHit> as Spread,
    }
}

record! {
    /// A reliable event.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct EventMessage {
        /// in which it happened
        epoch "epoch": u32,
        /// when it happened
        tick "tick": u32,
        /// what happened
        happening (): Happening as Spread,
    }
}

record! {
    /// The answer to a ping.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Pong {
        /// of your ping
        nonce "nonce": u32,
        /// the server's tick when it answered …; for spectators the newest tick they have been shown
        tick "tick": u32,
        /// … and how far into it, in 1/256; 0 for spectators
        tick_fraction "tickFraction": u8,
        /// what was left in your bank; 0 for spectators
        bank_ticks "bankTicks": u32,
        /// round trip in milliseconds as the server measures it, by WebSocket pings
        rtt_ms "rttMs": u16,
    }
}

record! {
    /// Whether the server takes inputs, and why not.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct StatusMessage {
        /// whether the server takes inputs
        state "state": ServerState,
        /// why not, in words
        reason "reason": String as Cut<STATUS_REASON_BYTES_MAX>,
    }
}

messages! {
    /// A message from the server.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum ServerMessage {
        16 "welcome" = Welcome(welcome: Welcome in Box),
        17 "snapshot" = Snapshot(snapshot: Snapshot),
        18 "delta" = Delta(delta: Delta),
        19 "own" = Own(own: Own),
        20 "event" = Event(event: EventMessage),
        21 "pong" = Pong(pong: Pong),
        22 "status" = Status(status: StatusMessage),
    }
}
