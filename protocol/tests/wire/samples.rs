//! One telling example of every message, as golden vectors and docs show them.

use combat_components::command::LeaveCause;
use combat_components::ids::DisplayName;
use combat_components::phase::{EndReason, Phase};
use combat_components::reason::Reason;
use combat_components::verdict::{Outcome, Zone};
use combat_protocol::client::{ActMessage, ClaimMessage, ClientMessage};
use combat_protocol::numbers::{ActKind, FrameStatus, Role, ServerState};
use combat_protocol::pose::WirePose;
use combat_protocol::server::{
    Correction, Delta, EventMessage, Happening, InputVerdict, Own, PlayerChange, Pong, ResumedFrom,
    ServerMessage, Snapshot, StatusMessage, VerdictHit, Welcome,
};
use combat_protocol::view::{PublicPlayer, RosterEntry, Shot, View};

const POSE: WirePose = WirePose { at: [1_500, 0, -2_250], yaw: 16_384, pitch: -512 };

pub fn claim() -> ClaimMessage {
    ClaimMessage {
        input_seq: 42,
        client_tick: 1_000,
        pose: POSE,
        view_tick: 980,
        pose_epoch: 3,
        seen_tick: 984,
        ack: true,
        bends: [[1_400, 0, -2_250]].into_iter().collect(),
    }
}

pub fn client_messages() -> Vec<(&'static str, ClientMessage)> {
    let (follows, yaw, pitch, view_tick, view_fraction) = (42, 16_384, -512, 980, 128);
    let attack =
        ActMessage { input_seq: 43, follows, yaw, pitch, view_tick, view_fraction, ..ActMessage::default() };
    let ability = ActMessage { input_seq: 44, kind: ActKind::Ability, target: Some(2), ..attack };
    let reload = ActMessage { input_seq: 45, kind: ActKind::Reload, ..ActMessage::default() };
    let switch = ActMessage { input_seq: 46, kind: ActKind::Switch, index: 1, ..ActMessage::default() };
    vec![
        ("claim", ClientMessage::Claim(claim())),
        ("claim without bends", ClientMessage::Claim(ClaimMessage { bends: Default::default(), ..claim() })),
        ("act: attack", ClientMessage::Act(attack)),
        ("act: ability", ClientMessage::Act(ability)),
        ("act: reload", ClientMessage::Act(reload)),
        ("act: switch", ClientMessage::Act(switch)),
        ("seen", ClientMessage::Seen { epoch: 1, tick: 984 }),
        ("ping", ClientMessage::Ping { nonce: 7 }),
        ("leave", ClientMessage::Leave),
    ]
}

pub fn roster_entry(sim_id: u32, name: &str) -> RosterEntry {
    RosterEntry {
        sim_id,
        slot: sim_id as u8,
        team: 0,
        display_name: DisplayName::new(name).unwrap(),
        bot: sim_id > 1,
    }
}

pub fn view() -> View {
    let ann = PublicPlayer {
        sim_id: 1,
        x: 1_500,
        y: 0,
        z: -2_250,
        yaw: 16_384,
        pitch: -512,
        health: 100,
        armour: 50,
        flags: 3,
        kills: 2,
        deaths: 1,
    };
    let bob = PublicPlayer { sim_id: 2, x: -3_000, yaw: 49_152, pitch: 0, kills: 1, deaths: 2, ..ann };
    View {
        epoch: 1,
        tick: 984,
        status: FrameStatus::Active,
        phase_ends_at: Some(23_040),
        roster: vec![roster_entry(1, "Ann"), roster_entry(2, "Bob")],
        players: vec![ann, bob],
    }
}

pub fn snapshot() -> Snapshot {
    Snapshot::of(&view())
}

fn bare_snapshot() -> Snapshot {
    Snapshot { roster: None, ..snapshot() }
}

pub fn delta() -> Delta {
    Delta {
        epoch: 1,
        tick: 988,
        base_tick: 984,
        status: FrameStatus::Active,
        phase_ends_at: Some(23_040),
        joined: vec![],
        left: vec![],
        changed: vec![
            PlayerChange { sim_id: 1, mask: 0b101, values: [1_620, 0, -2_300, 0, 0, 0, 0, 0, 0, 0] },
            PlayerChange { sim_id: 2, mask: 1 << 5, values: [0, 0, 0, 0, 0, 66, 0, 0, 0, 0] },
        ],
        shots: vec![Shot {
            shooter: 1,
            from: [1_620, 1_600, -2_300],
            to: [-3_000, 1_200, -2_250],
            struck: Some(2),
        }],
        view_hash: None,
    }
}

fn busy_delta() -> Delta {
    Delta {
        tick: 992,
        base_tick: 988,
        status: FrameStatus::Ended,
        phase_ends_at: None,
        joined: vec![roster_entry(3, "Cy")],
        left: vec![2],
        changed: vec![PlayerChange {
            sim_id: 3,
            mask: 0x3ff,
            values: [7, 8, 9, 65_535, -16_201, 100, 50, 1, 0, 0],
        }],
        shots: vec![Shot { struck: None, ..delta().shots[0] }],
        view_hash: Some(0xdead_beef),
        ..delta()
    }
}

pub fn own() -> Own {
    Own {
        tick: 988,
        last_input_seq: 43,
        durable_tick: 980,
        pose_epoch: 3,
        bank_ticks: 33,
        weapon_in_hand: 0,
        rounds: 29,
        ready_at_tick: 1_001,
        reloaded_at_tick: None,
        ability_ready_at_ticks: [0].into_iter().collect(),
        respawn_at_tick: None,
        correction: None,
        verdicts: vec![InputVerdict {
            input_seq: 43,
            outcome: Outcome::Applied,
            reason: None,
            applied_tick: 987,
            hit: Some(VerdictHit {
                victim: 2,
                zone: Zone::Body,
                amount_milli: 34_000,
                remaining_health_milli: 66_000,
                killed: false,
            }),
        }],
    }
}

fn corrected_own() -> Own {
    Own {
        reloaded_at_tick: Some(1_100),
        respawn_at_tick: Some(1_200),
        correction: Some(Correction {
            reason: Reason::TooFast,
            input_seq: 44,
            pose: POSE,
            pose_epoch: 4,
            bank_ticks: 31,
            velocity: [6_500, -120, 0],
            client_tick: Some(4_200),
        }),
        verdicts: vec![InputVerdict {
            input_seq: 45,
            outcome: Outcome::Refused,
            reason: Some(Reason::OnCooldown),
            applied_tick: 988,
            hit: None,
        }],
        ..own()
    }
}

pub fn welcome() -> Welcome {
    Welcome {
        session_id: "0199d2f0-5c00-7000-8000-000000000000".into(),
        role: Role::Player,
        sim_id: Some(1),
        slot: Some(1),
        tick_rate_hz: 128,
        frame_hz: 32,
        epoch: 1,
        tick: 985,
        durable_tick: 980,
        durability: "journal".into(),
        delay_ms: 0,
        map_id: "duel".into(),
        map_hash: "ab".repeat(32),
        ruleset_name: "default".into(),
        ruleset_hash: "cd".repeat(32),
        weapons: vec!["rifle".into()],
        abilities: vec!["dash".into()],
        last_input_seq: 42,
        resumed: None,
        snapshot: snapshot(),
        own: Some(own()),
        protocol_draft: 1,
    }
}

fn spectator_welcome() -> Welcome {
    Welcome {
        role: Role::Spectator,
        sim_id: None,
        slot: None,
        delay_ms: 3_000,
        resumed: Some(ResumedFrom {
            epoch: 2,
            tick: 900,
            rolled_back_from_epoch: 1,
            rolled_back_from_tick: 984,
        }),
        own: None,
        ..welcome()
    }
}

fn events() -> [(&'static str, Happening); 11] {
    let (reason, cause, zone) = (EndReason::ScoreLimit, 0, Zone::Head);
    [
        (
            "event joined",
            Happening::Joined { sim_id: 3, display_name: DisplayName::new("Cy \"the\" Späte").unwrap() },
        ),
        ("event left", Happening::Left { sim_id: 3, cause: LeaveCause::WindowExpired }),
        ("event killed", Happening::Killed { victim: 2, killer: Some(1), cause, zone }),
        (
            "event killed by nobody",
            Happening::Killed { victim: 2, killer: None, cause: 255, zone: Zone::Body },
        ),
        ("event phase", Happening::PhaseChanged { phase: Phase::Active }),
        ("event ended", Happening::Ended { reason, winner: Some(1), winning_team: None }),
        ("event ended by a team", Happening::Ended { reason, winner: None, winning_team: Some(2) }),
        (
            "event ended in a draw",
            Happening::Ended { reason: EndReason::TimeLimit, winner: None, winning_team: None },
        ),
        ("event resumed", Happening::Resumed { epoch: 2 }),
        ("event playGoesOn", Happening::PlayGoesOn),
        ("event durable", Happening::Durable { epoch: 1, tick: 988 }),
    ]
}

pub fn server_messages() -> Vec<(&'static str, ServerMessage)> {
    let mut messages = vec![
        ("welcome", ServerMessage::Welcome(Box::new(welcome()))),
        ("welcome to a spectator", ServerMessage::Welcome(Box::new(spectator_welcome()))),
        ("snapshot", ServerMessage::Snapshot(snapshot())),
        ("snapshot to whom everybody was named", ServerMessage::Snapshot(bare_snapshot())),
        ("delta", ServerMessage::Delta(delta())),
        ("delta with everything", ServerMessage::Delta(busy_delta())),
        ("own", ServerMessage::Own(own())),
        ("own with a correction", ServerMessage::Own(corrected_own())),
    ];
    messages.extend(events().map(|(name, happening)| {
        (name, ServerMessage::Event(EventMessage { epoch: 1, tick: 988, happening }))
    }));
    let pong = Pong { nonce: 7, tick: 990, tick_fraction: 64, bank_ticks: 34, rtt_ms: 21 };
    messages.push(("pong", ServerMessage::Pong(pong)));
    let reason = "the journal cannot be written".into();
    let status = StatusMessage { state: ServerState::Suspended, reason };
    messages.push(("status", ServerMessage::Status(status)));
    messages
}
