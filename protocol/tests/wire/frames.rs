//! Frames rebuild the view, whatever is lost and replaced by a snapshot.

use combat_protocol::client_view::{ClientView, HashCheck, ViewError};
use combat_protocol::codec::{Encoding, decode_server};
use combat_protocol::frame::FrameEncoder;
use combat_protocol::numbers::{FrameStatus, Numbered};
use combat_protocol::server::{Delta, PlayerChange, ServerMessage, Snapshot};
use combat_protocol::view::{PublicPlayer, View};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::samples::{delta, roster_entry, snapshot, view};

/// One step of a match: who comes or goes, what changes, how many ticks pass, whether the frame is lost.
#[derive(Clone, Debug)]
struct Step {
    ticks: u32,
    joins: bool,
    leaves: Option<prop::sample::Index>,
    edits: Vec<(prop::sample::Index, usize, u16)>,
    status: usize,
    is_lost: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    (
        1..10_u32,
        prop::bool::weighted(0.2),
        prop::option::weighted(0.1, index()),
        vec((index(), 0..10_usize, any::<u16>()), 0..12),
        0..FrameStatus::TABLE.len(),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(ticks, joins, leaves, edits, status, is_lost)| Step {
            ticks,
            joins,
            leaves,
            edits,
            status,
            is_lost,
        })
}

fn play(view: &mut View, step: &Step, next_id: &mut u32) {
    view.tick += step.ticks;
    view.status = FrameStatus::TABLE[step.status].1;
    view.phase_ends_at = view.tick.is_multiple_of(3).then_some(view.tick + 100);
    if let Some(at) = step.leaves.filter(|_| !view.players.is_empty()) {
        let at = at.index(view.players.len());
        view.players.remove(at);
        view.roster.remove(at);
    }
    if step.joins && view.players.len() < 64 {
        view.roster.push(roster_entry(*next_id, "Dee"));
        view.players.push(PublicPlayer { sim_id: *next_id, health: 100, ..PublicPlayer::default() });
        *next_id += 1;
    }
    let count = view.players.len();
    for (at, field, value) in step.edits.iter().filter(|_| count > 0) {
        let player = &mut view.players[at.index(count)];
        let mut values = player.values();
        values[*field] = if *field == 7 { i32::from(*value % 256) } else { i32::from(*value) };
        if *field == 4 {
            values[4] -= 32_768;
        }
        *player = PublicPlayer::from_values(player.sim_id, values);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_rebuilt_view_equals_the_servers_at_every_frame_received(steps in vec(step(), 1..120)) {
        for encoding in Encoding::ALL {
            rebuild(&steps, encoding)?;
        }
    }
}

fn rebuild(steps: &[Step], encoding: Encoding) -> Result<(), TestCaseError> {
    let (mut server, mut next_id) = (View { epoch: 1, ..View::default() }, 1);
    let (mut encoder, mut client) = (FrameEncoder::new(), ClientView::new());
    let (mut bytes, mut is_behind, mut hashes, mut roster_told) = (Vec::new(), true, 0, None);
    for step in steps {
        play(&mut server, step, &mut next_id);
        encoder.advance(&server, &[]);
        if step.is_lost {
            is_behind = true;
            continue;
        }
        bytes.clear();
        if is_behind {
            let knows_roster = roster_told == Some(encoder.roster_changes());
            prop_assert!(encoder.write_snapshot(knows_roster, encoding, &mut bytes));
        } else {
            prop_assert!(encoder.write_delta(encoding, &mut bytes));
        }
        is_behind = false;
        roster_told = Some(encoder.roster_changes());
        let check = match decode_server(&bytes, encoding).unwrap() {
            ServerMessage::Snapshot(snapshot) => client.apply_snapshot(&snapshot).unwrap(),
            ServerMessage::Delta(delta) => {
                prop_assert_eq!(delta.view_hash.is_some(), delta.tick / 32 != delta.base_tick / 32);
                client.apply_delta(&delta).unwrap()
            }
            other => panic!("expected a frame, found {other:?}"),
        };
        hashes += u32::from(check == HashCheck::Agrees);
        let differs = matches!(check, HashCheck::Differs { .. });
        prop_assert!(!differs);
        prop_assert_eq!(client.view(), Some(&server));
    }
    prop_assert!(hashes > 0 || steps.iter().all(|step| step.is_lost));
    Ok(())
}

#[test]
fn a_frame_of_another_epoch_has_no_delta() {
    let mut encoder = FrameEncoder::new();
    assert_eq!(encoder.newest(), None);
    assert!(!encoder.write_delta(Encoding::MessagePack, &mut Vec::new()));
    assert!(!encoder.write_snapshot(false, Encoding::MessagePack, &mut Vec::new()));
    encoder.advance(&view(), &[]);
    assert_eq!(encoder.delta(), None);
    let next = View { tick: view().tick + 4, ..view() };
    encoder.advance(&next, &[]);
    assert!(encoder.delta().is_some());
    encoder.advance(&View { epoch: 2, ..next }, &[]);
    assert_eq!(encoder.delta(), None);
}

#[test]
fn a_delta_that_does_not_fit_is_refused_and_the_view_kept() {
    let mut client = ClientView::new();
    assert_eq!(client.apply_delta(&delta()), Err(ViewError::NoView { base_tick: 984 }));
    assert_eq!(client.apply_snapshot(&snapshot()), Ok(HashCheck::Agrees));
    let unknown = PlayerChange { sim_id: 9, mask: 1, values: [0; 10] };
    let nameless = PlayerChange { sim_id: 9, mask: 0x3ff, values: [0; 10] };
    let rows = [
        (Delta { epoch: 2, ..delta() }, ViewError::WrongEpoch { found: 2, held: 1 }),
        (Delta { base_tick: 980, ..delta() }, ViewError::WrongBase { base_tick: 980, held: 984 }),
        (Delta { tick: 984, ..delta() }, ViewError::NotRising { tick: 984, base_tick: 984 }),
        (Delta { left: vec![9], ..delta() }, ViewError::LeftUnknown { sim_id: 9 }),
        (Delta { changed: vec![unknown], ..delta() }, ViewError::ChangedUnknown { sim_id: 9, mask: 1 }),
        (Delta { changed: vec![nameless], ..delta() }, ViewError::Unordered),
        (Delta { joined: vec![roster_entry(9, "Eve")], ..delta() }, ViewError::Unordered),
    ];
    for (wrong, error) in rows {
        assert_eq!(client.apply_delta(&wrong), Err(error));
        assert_eq!(client.view(), Some(&view()));
    }
    assert_eq!(client.apply_delta(&delta()), Ok(HashCheck::NotSent));
    assert_eq!(client.view().map(|view| &view.roster), Some(&view().roster), "Eve never came");
}

#[test]
fn a_snapshot_without_a_roster_is_for_whoever_knows_everybody_in_it() {
    let bare = Snapshot { roster: None, ..snapshot() };
    let mut client = ClientView::new();
    assert_eq!(client.apply_snapshot(&bare), Err(ViewError::Unordered), "nobody has been named");
    assert_eq!(client.apply_snapshot(&snapshot()), Ok(HashCheck::Agrees));
    let later = Snapshot { tick: 992, ..bare.clone() };
    assert_eq!(client.apply_snapshot(&later), Ok(HashCheck::Agrees));
    let expected = View { tick: 992, ..view() };
    assert_eq!(client.view(), Some(&expected));
    let alone = Snapshot { players: vec![bare.players[0]], ..bare.clone() };
    assert_eq!(client.apply_snapshot(&alone), Err(ViewError::Unordered), "nobody was said to have left");
    assert_eq!(client.view(), Some(&expected));
    client.clear();
    assert_eq!(client.apply_snapshot(&bare), Err(ViewError::Unordered), "another connection begins anew");
}

#[test]
fn a_wrong_hash_is_told_with_both_values() {
    let mut client = ClientView::new();
    let mut wrong = snapshot();
    wrong.view_hash ^= 1;
    let computed = snapshot().view_hash;
    let differs = HashCheck::Differs { computed, sent: computed ^ 1 };
    assert_eq!(client.apply_snapshot(&wrong), Ok(differs));
}
