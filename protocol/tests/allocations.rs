//! Frames and own parts are made without a heap allocation once their memory has grown.

#![allow(clippy::unwrap_used, reason = "a test may fail wherever it does not hold")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use combat_components::ids::DisplayName;
use combat_components::reason::Reason;
use combat_components::verdict::{Outcome, Zone};
use combat_protocol::client::{ClaimMessage, ClientMessage};
use combat_protocol::codec::{Encoding, decode_client, encode_client, encode_event, encode_own, encode_pong};
use combat_protocol::frame::FrameEncoder;
use combat_protocol::pose::WirePose;
use combat_protocol::server::{Correction, EventMessage, Happening, InputVerdict, Own, Pong, VerdictHit};
use combat_protocol::view::{PublicPlayer, RosterEntry, Shot, View};

/// Counts every request for memory.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const WARM_UP_FRAMES: u32 = 70;
const FRAMES: u32 = 2_000;

fn play(view: &mut View, frame: u32) {
    view.tick += 4;
    for player in &mut view.players {
        player.x = (frame as i32 * 37) % 20_000;
        player.yaw = (player.yaw + 321) % 65_536;
        player.health = 100 - (frame % 100) as i32;
        player.flags = if frame % 100 == 99 { 2 } else { 3 };
    }
    // Two players come and go by turns, so that joining and leaving are counted as well.
    let guest = view.players[1].sim_id;
    view.players[1].sim_id = if guest == 2 { 3 } else { 2 };
    view.roster[1].sim_id = view.players[1].sim_id;
}

fn start() -> View {
    let ids = [1, 2, 10, 11, 12, 13, 14, 15, 16, 17];
    let players = ids.map(|sim_id| PublicPlayer { sim_id, health: 100, flags: 3, ..PublicPlayer::default() });
    let roster = ids.map(|sim_id| RosterEntry {
        sim_id,
        slot: sim_id as u8,
        team: 0,
        display_name: DisplayName::new("Some \"Body\"").unwrap(),
        bot: true,
    });
    View { epoch: 1, roster: roster.to_vec(), players: players.to_vec(), ..View::default() }
}

fn own() -> Own {
    let hit = VerdictHit {
        victim: 2,
        zone: Zone::Head,
        amount_milli: 68_000,
        remaining_health_milli: 0,
        killed: true,
    };
    let verdict = InputVerdict {
        input_seq: 9,
        outcome: Outcome::Applied,
        reason: Some(Reason::TooFast),
        applied_tick: 4,
        hit: Some(hit),
    };
    let correction = Correction {
        reason: Reason::Blocked,
        input_seq: 8,
        pose: WirePose { at: [1, 2, 3], yaw: 4, pitch: 5 },
        pose_epoch: 6,
        bank_ticks: 7,
        velocity: [8, 9, 10],
        client_tick: Some(11),
    };
    Own { correction: Some(correction), verdicts: vec![verdict; 4], ..Own::default() }
}

#[test]
fn no_frame_allocates_once_its_memory_has_grown() {
    let mut view = start();
    let (own, mut encoder, mut out) = (own(), FrameEncoder::new(), Vec::new());
    let mut claim = Vec::new();
    encode_client(&ClientMessage::Claim(ClaimMessage::default()), Encoding::MessagePack, &mut claim);
    let event = EventMessage {
        epoch: 1,
        tick: 4,
        happening: Happening::Killed { victim: 2, killer: Some(1), cause: 0, zone: Zone::Head },
    };
    let shots = [Shot { shooter: 1, struck: Some(2), ..Shot::default() }; 10];
    let mut counted_from = 0;
    for frame in 0..FRAMES {
        if frame == WARM_UP_FRAMES {
            counted_from = ALLOCATIONS.load(Ordering::Relaxed);
        }
        play(&mut view, frame);
        encoder.advance(&view, &shots[..frame as usize % 11]);
        for encoding in Encoding::ALL {
            out.clear();
            encoder.write_delta(encoding, &mut out);
            encoder.write_snapshot(frame % 2 == 0, encoding, &mut out);
            encode_own(&own, encoding, &mut out);
            encode_event(&event, encoding, &mut out);
            encode_pong(&Pong::default(), encoding, &mut out);
        }
        assert!(decode_client(&claim, Encoding::MessagePack).is_ok());
    }
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - counted_from;
    assert_eq!(allocations, 0, "allocations in {} frames", FRAMES - WARM_UP_FRAMES);
}
