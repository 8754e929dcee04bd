//! The client against what a server would say.

#![allow(clippy::unwrap_used, reason = "a test may fail wherever it does not hold")]

use combat_client::{Client, ClientError, Hold, Received, ResumePoint, Step};
use combat_components::ids::DisplayName;
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::verdict::Outcome;
use combat_protocol::client::{ActMessage, ClaimMessage, ClientMessage};
use combat_protocol::client_view::HashCheck;
use combat_protocol::codec::{Encoding, decode_client, encode_server, encode_snapshot};
use combat_protocol::draft::DRAFT;
use combat_protocol::frame::FrameEncoder;
use combat_protocol::numbers::{ActKind, FrameStatus, Role, ServerState};
use combat_protocol::pose::WirePose;
use combat_protocol::server::{
    Correction, EventMessage, Happening, InputVerdict, Own, Pong, ResumedFrom, ServerMessage, Snapshot,
    StatusMessage, Welcome,
};
use combat_protocol::view::{PublicPlayer, RosterEntry, View};

const ENCODING: Encoding = Encoding::MessagePack;

fn view() -> View {
    let player = PublicPlayer { sim_id: 1, x: 500, y: 10, z: -500, yaw: 90, ..PublicPlayer::default() };
    let roster = RosterEntry {
        sim_id: 1,
        slot: 0,
        team: 0,
        display_name: DisplayName::new("Ann").unwrap(),
        bot: false,
    };
    View {
        epoch: 1,
        tick: 1_000,
        status: FrameStatus::Active,
        phase_ends_at: None,
        roster: vec![roster],
        players: vec![player],
    }
}

fn own() -> Own {
    Own {
        tick: 1_001,
        last_input_seq: 40,
        durable_tick: 990,
        pose_epoch: 2,
        bank_ticks: 37,
        ..Own::default()
    }
}

fn welcome() -> Welcome {
    Welcome {
        role: Role::Player,
        sim_id: Some(1),
        slot: Some(0),
        tick_rate_hz: 128,
        frame_hz: 32,
        epoch: 1,
        tick: 1_001,
        durable_tick: 990,
        last_input_seq: 40,
        snapshot: Snapshot::of(&view()),
        own: Some(own()),
        protocol_draft: DRAFT,
        ..Welcome::default()
    }
}

fn correction(reason: Reason, pose_epoch: u32, bank_ticks: u32) -> Correction {
    Correction {
        reason,
        input_seq: 41,
        pose: WirePose { at: [1, 2, 3], yaw: 4, pitch: 5 },
        pose_epoch,
        bank_ticks,
        velocity: [0; 3],
        client_tick: None,
    }
}

/// Feeds a message of the server; what it turned out to be is dropped.
fn tell(client: &mut Client, message: ServerMessage, now_ms: u64) -> Result<(), ClientError> {
    let mut bytes = Vec::new();
    encode_server(&message, ENCODING, &mut bytes);
    client.receive(&bytes, now_ms).map(|_| ())
}

fn welcomed(welcome: Welcome) -> Client {
    let mut client = Client::new(ENCODING);
    tell(&mut client, ServerMessage::Welcome(Box::new(welcome)), 10_000).unwrap();
    client
}

fn claim(client: &mut Client, now_ms: u64) -> Result<ClaimMessage, Hold> {
    let pose = client.pose().unwrap_or_default();
    let mut bytes = Vec::new();
    client.claim(now_ms, &Step { pose, bends: &[], ack: false }, &mut bytes)?;
    match decode_client(&bytes, ENCODING) {
        Ok(ClientMessage::Claim(claim)) => Ok(claim),
        other => panic!("expected a claim, found {other:?}"),
    }
}

fn attack_follows(client: &mut Client, now_ms: u64) -> u32 {
    let mut bytes = Vec::new();
    let sight = client.sight(Yaw(7), Pitch::default());
    client.attack(now_ms, sight, &mut bytes).unwrap();
    match decode_client(&bytes, ENCODING) {
        Ok(ClientMessage::Act(attack)) => attack.follows,
        other => panic!("expected an attack, found {other:?}"),
    }
}

#[test]
fn a_weapon_is_taken_in_hand_with_the_next_input_number() {
    let mut client = welcomed(welcome());
    let mut bytes = Vec::new();
    let input_seq = client.switch(1, &mut bytes).unwrap();
    assert_eq!(
        decode_client(&bytes, ENCODING),
        Ok(ClientMessage::Act(ActMessage {
            input_seq,
            kind: ActKind::Switch,
            index: 1,
            ..ActMessage::default()
        }))
    );
    assert_eq!(client.reload(&mut bytes), Ok(input_seq + 1));
    assert_eq!(Client::new(ENCODING).switch(1, &mut bytes), Err(Hold::NotWelcomed));
}

#[test]
fn nothing_is_taken_or_said_before_the_welcome() {
    let mut client = Client::new(ENCODING);
    assert_eq!(tell(&mut client, ServerMessage::Own(own()), 0), Err(ClientError::BeforeWelcome));
    assert_eq!(claim(&mut client, 0), Err(Hold::NotWelcomed));
    assert!(!client.seen_due(10_000));
    assert!(!client.seen(10_000, &mut Vec::new()));
    assert!(matches!(client.receive(&[0x90], 0), Err(ClientError::Decode(_))));
}

#[test]
fn the_first_claim_says_where_the_body_stands_and_the_next_covers_the_time_since() {
    let mut client = welcomed(welcome());
    assert_eq!(client.pose().unwrap().at, Vec3Mm::new(500, 10, -500));
    assert!(client.claim_due(10_000));
    assert_eq!(client.claim_ticks(10_000), Ok(0));
    let first = claim(&mut client, 10_000).unwrap();
    assert_eq!((first.input_seq, first.pose_epoch, first.seen_tick, first.view_tick), (41, 2, 1_000, 1_000));
    assert_eq!((first.pose.at, first.pose.yaw), ([500, 10, -500], 90));
    assert!(!client.claim_due(10_033));
    assert!(client.claim_due(10_034));
    assert_eq!(client.claim_ticks(10_040), Ok(5));
    let second = claim(&mut client, 10_040).unwrap();
    assert_eq!((second.input_seq, second.client_tick), (42, first.client_tick + 5));
    assert_eq!(claim(&mut client, 10_040), Err(Hold::TooSoon));
}

#[test]
fn a_claim_carries_its_bends_and_asks_for_its_answer() {
    let mut client = welcomed(welcome());
    let (pose, bends) = (Pose::default(), [Vec3Mm::new(1, 2, 3); 5]);
    let mut bytes = Vec::new();
    let step = Step { pose, bends: &bends[..4], ack: true };
    assert_eq!(client.claim(10_000, &step, &mut bytes), Ok(41));
    let Ok(ClientMessage::Claim(claim)) = decode_client(&bytes, ENCODING) else { panic!("expected a claim") };
    assert!(claim.ack);
    assert_eq!(claim.bends.as_slice(), [[1, 2, 3]; 4]);
    let step = Step { bends: &bends, ..step };
    assert_eq!(client.claim(10_100, &step, &mut bytes), Err(Hold::TooManyBends { count: 5 }));
}

#[test]
fn a_correction_is_taken_at_once_and_an_older_one_is_not() {
    let mut client = welcomed(welcome());
    claim(&mut client, 10_000).unwrap();
    let corrected = Own { correction: Some(correction(Reason::TooFast, 3, 30)), ..own() };
    tell(&mut client, ServerMessage::Own(corrected), 10_050).unwrap();
    assert_eq!(client.pose().unwrap().at, Vec3Mm::new(1, 2, 3));
    assert_eq!((client.pose_epoch(), client.counters().corrections), (Some(3), 1));
    assert!(client.claim_due(10_050), "the answer to a correction is due at once");
    assert_eq!(claim(&mut client, 10_050).unwrap().pose_epoch, 3);
    let stale = Own { correction: Some(correction(Reason::TooFast, 2, 30)), ..own() };
    tell(&mut client, ServerMessage::Own(stale), 10_060).unwrap();
    assert_eq!((client.pose_epoch(), client.counters().corrections), (Some(3), 1));
    let spawned = Own { correction: Some(correction(Reason::Spawned, 4, 30)), ..own() };
    tell(&mut client, ServerMessage::Own(spawned), 10_070).unwrap();
    assert_eq!((client.pose_epoch(), client.counters().corrections), (Some(4), 1));
}

#[test]
fn after_an_overdrawn_bank_the_clock_is_held_back_until_it_has_recovered() {
    let mut client = welcomed(welcome());
    claim(&mut client, 10_000).unwrap();
    let overdrawn = Own { correction: Some(correction(Reason::BankOverdrawn, 3, 0)), ..own() };
    tell(&mut client, ServerMessage::Own(overdrawn), 10_030).unwrap();
    let mut now_ms = 10_030;
    let anchor = claim(&mut client, now_ms).unwrap();
    while client.claim_ticks(now_ms).is_err() {
        now_ms += 1;
        assert!(now_ms < 10_400, "the bank recovers");
    }
    assert!(now_ms > 10_080, "a third of it takes a while");
    let next = claim(&mut client, now_ms).unwrap();
    assert!((1..=5).contains(&(next.client_tick - anchor.client_tick)), "no more than an interval");
}

#[test]
fn the_claim_after_a_held_one_leaves_room_in_the_bank_for_the_time_of_both() {
    let mut client = welcomed(welcome());
    claim(&mut client, 10_000).unwrap();
    let taken = claim(&mut client, 10_080).unwrap();
    let held = claim(&mut client, 10_160).unwrap();
    let verdict = InputVerdict {
        input_seq: held.input_seq,
        outcome: Outcome::Refused,
        reason: Some(Reason::HeldByShot),
        applied_tick: client.server_tick(10_160),
        hit: None,
    };
    let told = Own {
        tick: client.server_tick(10_160),
        last_input_seq: held.input_seq,
        verdicts: vec![verdict],
        ..own()
    };
    let bank_ticks = told.bank_ticks;
    tell(&mut client, ServerMessage::Own(told), 10_160).unwrap();
    let next = claim(&mut client, 10_600).unwrap();
    assert_eq!(next.client_tick - taken.client_tick, bank_ticks, "what it takes out of a full bank");
}

#[test]
fn an_attack_follows_the_last_claim_while_that_is_fresh() {
    let mut client = welcomed(welcome());
    assert_eq!(attack_follows(&mut client, 10_000), 0);
    let claim = claim(&mut client, 10_010).unwrap();
    assert_eq!(attack_follows(&mut client, 10_100), claim.input_seq);
    assert_eq!(attack_follows(&mut client, 10_300), 0, "the pose that holds is the same by then");
    let corrected = Own { correction: Some(correction(Reason::Blocked, 3, 30)), ..own() };
    tell(&mut client, ServerMessage::Own(corrected), 10_310).unwrap();
    assert_eq!(attack_follows(&mut client, 10_310), 0);
}

#[test]
fn the_dead_the_frozen_and_spectators_claim_nothing() {
    let dead = Own { respawn_at_tick: Some(2_000), ..own() };
    let mut client = welcomed(Welcome { own: Some(dead), ..welcome() });
    assert_eq!(claim(&mut client, 10_000), Err(Hold::Dead));
    let mut client = welcomed(welcome());
    let suspended = StatusMessage { state: ServerState::Suspended, reason: "disk full".into() };
    tell(&mut client, ServerMessage::Status(suspended), 10_000).unwrap();
    assert_eq!(claim(&mut client, 10_000), Err(Hold::Frozen));
    tell(&mut client, ServerMessage::Status(StatusMessage::default()), 10_000).unwrap();
    assert!(claim(&mut client, 10_000).is_ok());
    let mut resuming = welcome();
    resuming.snapshot.status = FrameStatus::Resuming;
    assert_eq!(claim(&mut welcomed(resuming), 10_000), Err(Hold::Frozen));
    let spectator = Welcome { role: Role::Spectator, sim_id: None, slot: None, own: None, ..welcome() };
    assert_eq!(claim(&mut welcomed(spectator), 10_000), Err(Hold::Spectator));
    let unplaced = Welcome { sim_id: Some(9), ..welcome() };
    assert_eq!(claim(&mut welcomed(unplaced), 10_000), Err(Hold::NotPlaced));
}

#[test]
fn a_silent_player_gives_its_word_four_times_a_second_and_a_spectator_once() {
    let mut client = welcomed(welcome());
    assert!(!client.seen_due(10_100));
    assert!(client.seen_due(10_250));
    let mut bytes = Vec::new();
    assert!(client.seen(10_250, &mut bytes));
    assert_eq!(decode_client(&bytes, ENCODING), Ok(ClientMessage::Seen { epoch: 1, tick: 1_000 }));
    assert!(!client.seen_due(10_300));
    claim(&mut client, 10_400).unwrap();
    assert!(!client.seen_due(10_550), "a claim is a word as well");
    let spectator = Welcome { role: Role::Spectator, sim_id: None, slot: None, own: None, ..welcome() };
    let client = welcomed(spectator);
    assert!(!client.seen_due(10_500));
    assert!(client.seen_due(11_000));
}

#[test]
fn a_server_of_another_draft_is_refused_with_both_numbers() {
    let mut client = Client::new(ENCODING);
    let other = Welcome { protocol_draft: DRAFT + 1, ..welcome() };
    let error = tell(&mut client, ServerMessage::Welcome(Box::new(other)), 10_000).unwrap_err();
    assert_eq!(error, ClientError::OtherDraft { found: DRAFT + 1 });
    assert!(client.welcome().is_none());
}

#[test]
fn frames_are_applied_counted_and_checked() {
    let mut client = welcomed(welcome());
    let (mut encoder, mut next, mut bytes) = (FrameEncoder::new(), view(), Vec::new());
    encoder.advance(&next, &[]);
    next.tick += 28;
    next.players[0].x = 501;
    encoder.advance(&next, &[]);
    encoder.write_delta(ENCODING, &mut bytes);
    let received = client.receive(&bytes, 10_300).unwrap();
    assert_eq!(received, Received::Frame { view: &next, shots: &[], check: HashCheck::Agrees });
    assert_eq!(client.resume_point(), Some(ResumePoint { epoch: 1, tick: 1_028 }));
    assert!(matches!(client.receive(&bytes, 10_300), Err(ClientError::View(_))), "a delta fits once");
    let wrong = Snapshot { view_hash: 0, ..Snapshot::of(&next) };
    tell(&mut client, ServerMessage::Snapshot(wrong), 10_400).unwrap();
    let counters = client.counters();
    assert_eq!((counters.snapshots, counters.deltas, counters.frames_refused), (2, 2, 1));
    assert_eq!((counters.view_hashes, counters.view_hash_mismatches), (3, 1));
    bytes.clear();
    let snapshot = Snapshot { roster: None, ..Snapshot::of(&next) };
    encode_snapshot(&snapshot, ENCODING, &mut bytes);
    assert!(client.receive(&bytes, 10_500).is_ok());
    assert_eq!(client.view(), Some(&next), "everybody was named before");
}

#[test]
fn a_pong_sets_the_clock_and_only_the_answer_to_the_last_ping_does() {
    let mut client = welcomed(welcome());
    assert_eq!(client.server_tick(10_000), 1_001);
    let mut bytes = Vec::new();
    client.ping(10_000, &mut bytes);
    let Ok(ClientMessage::Ping { nonce }) = decode_client(&bytes, ENCODING) else {
        panic!("expected a ping")
    };
    let pong = Pong { nonce, tick: 1_010, tick_fraction: 0, bank_ticks: 30, rtt_ms: 40 };
    tell(&mut client, ServerMessage::Pong(Pong { nonce: nonce + 1, tick: 9_000, ..pong }), 10_020).unwrap();
    assert_eq!(client.round_trip_ms(), None);
    tell(&mut client, ServerMessage::Pong(pong), 10_040).unwrap();
    assert_eq!(client.round_trip_ms(), Some(40));
    assert_eq!(client.server_tick(10_020), 1_010);
}

#[test]
fn the_durable_tick_is_the_newest_told() {
    let mut client = welcomed(welcome());
    assert_eq!(client.durable_tick(), 990);
    let happening = Happening::Durable { epoch: 1, tick: 1_000 };
    tell(&mut client, ServerMessage::Event(EventMessage { epoch: 1, tick: 1_001, happening }), 10_000)
        .unwrap();
    assert_eq!(client.durable_tick(), 1_000);
    tell(&mut client, ServerMessage::Own(Own { durable_tick: 1_010, ..own() }), 10_000).unwrap();
    assert_eq!(client.durable_tick(), 1_010);
}

#[test]
fn a_resumed_client_goes_on_with_its_numbers_and_drops_what_was_rolled_back() {
    let mut client = welcomed(welcome());
    let before = claim(&mut client, 10_000).unwrap();
    assert_eq!(client.resume_point(), Some(ResumePoint { epoch: 1, tick: 1_000 }));
    let mut rolled_back = welcome();
    (rolled_back.epoch, rolled_back.tick, rolled_back.durable_tick) = (2, 900, 900);
    rolled_back.last_input_seq = 30;
    (rolled_back.snapshot.epoch, rolled_back.snapshot.tick) = (2, 900);
    let resumed =
        ResumedFrom { epoch: 2, tick: 900, rolled_back_from_epoch: 1, rolled_back_from_tick: 1_000 };
    rolled_back.resumed = Some(resumed);
    rolled_back.own = Some(Own { tick: 900, pose_epoch: 9, durable_tick: 900, ..own() });
    tell(&mut client, ServerMessage::Welcome(Box::new(rolled_back)), 11_000).unwrap();
    assert_eq!(client.welcome().unwrap().resumed, Some(resumed));
    assert_eq!(client.resume_point(), Some(ResumePoint { epoch: 2, tick: 900 }));
    assert_eq!((client.durable_tick(), client.server_tick(11_000)), (900, 900));
    let after = claim(&mut client, 11_000).unwrap();
    assert!(after.input_seq > before.input_seq);
    assert!(after.client_tick > before.client_tick);
    assert_eq!(after.pose_epoch, 9);
}
