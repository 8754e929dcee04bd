//! Random messages of every kind.

use combat_components::command::LeaveCause;
use combat_components::ids::DisplayName;
use combat_components::phase::{EndReason, Phase};
use combat_components::reason::Reason;
use combat_components::verdict::{Outcome, Zone};
use combat_protocol::client::{ActMessage, ClaimMessage, ClientMessage};
use combat_protocol::codec::event_tables;
use combat_protocol::numbers::{ActKind, FrameStatus, Numbered, Role, ServerState};
use combat_protocol::pose::WirePose;
use combat_protocol::server::{
    Correction, Delta, EventMessage, Happening, InputVerdict, Own, PlayerChange, Pong, ResumedFrom,
    ServerMessage, Snapshot, StatusMessage, VerdictHit, Welcome,
};
use combat_protocol::view::{PublicPlayer, RosterEntry, Shot};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn numbered<T: Numbered + std::fmt::Debug>() -> impl Strategy<Value = T> {
    (0..T::TABLE.len()).prop_map(|at| T::TABLE[at].1)
}

fn act() -> impl Strategy<Value = ActMessage> {
    (any::<([u32; 3], u16, i16, [u8; 2], Option<u32>)>(), numbered::<ActKind>()).prop_map(
        |(([input_seq, follows, view_tick], yaw, pitch, [index, view_fraction], target), kind)| ActMessage {
            input_seq,
            follows,
            kind,
            index,
            yaw,
            pitch,
            view_tick,
            view_fraction,
            target,
        },
    )
}

fn claim() -> impl Strategy<Value = ClaimMessage> {
    let bends = vec(any::<[i32; 3]>(), 0..=4);
    (any::<[u32; 5]>(), any::<[i32; 3]>(), any::<(u16, i16, bool)>(), bends).prop_map(
        |([input_seq, client_tick, view_tick, pose_epoch, seen_tick], at, (yaw, pitch, ack), bends)| {
            ClaimMessage {
                input_seq,
                client_tick,
                pose: WirePose { at, yaw, pitch },
                view_tick,
                pose_epoch,
                seen_tick,
                ack,
                bends: bends.into_iter().collect(),
            }
        },
    )
}

pub fn client_message() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        3 => claim().prop_map(ClientMessage::Claim),
        3 => act().prop_map(ClientMessage::Act),
        1 => any::<(u32, u32)>().prop_map(|(epoch, tick)| ClientMessage::Seen { epoch, tick }),
        1 => any::<u32>().prop_map(|nonce| ClientMessage::Ping { nonce }),
        1 => Just(ClientMessage::Leave),
    ]
}

fn display_name() -> impl Strategy<Value = DisplayName> {
    "[ -~äß€\u{200c}\u{200d}\"\\\\]{1,32}".prop_map(|text| DisplayName::new(&text).unwrap())
}

fn roster_entry() -> impl Strategy<Value = RosterEntry> {
    (any::<(u32, u8, u8, bool)>(), display_name()).prop_map(|((sim_id, slot, team, bot), display_name)| {
        RosterEntry { sim_id, slot, team, display_name, bot }
    })
}

fn values() -> impl Strategy<Value = [i32; 10]> {
    (any::<[i32; 3]>(), any::<(u16, i16, u8, u16, u16)>(), 0..=i32::MAX, 0..=i32::MAX).prop_map(
        |([x, y, z], (yaw, pitch, flags, kills, deaths), health, armour)| {
            let (yaw, pitch, flags) = (i32::from(yaw), i32::from(pitch), i32::from(flags));
            [x, y, z, yaw, pitch, health, armour, flags, kills.into(), deaths.into()]
        },
    )
}

fn player() -> impl Strategy<Value = PublicPlayer> {
    (any::<u32>(), values()).prop_map(|(sim_id, values)| PublicPlayer::from_values(sim_id, values))
}

fn change() -> impl Strategy<Value = PlayerChange> {
    (any::<u32>(), 1..=0x3ff_u16, values()).prop_map(|(sim_id, mask, mut values)| {
        for (bit, value) in values.iter_mut().enumerate() {
            *value *= i32::from(mask & (1 << bit) != 0);
        }
        PlayerChange { sim_id, mask, values }
    })
}

fn shot() -> impl Strategy<Value = Shot> {
    any::<(u32, [i32; 3], [i32; 3], Option<u32>)>().prop_map(|(shooter, from, to, struck)| Shot {
        shooter,
        from,
        to,
        struck,
    })
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let lists = (prop::option::of(vec(roster_entry(), 0..4)), vec(player(), 0..64));
    (any::<(u32, u32, Option<u32>, u32)>(), numbered::<FrameStatus>(), lists).prop_map(
        |((epoch, tick, phase_ends_at, view_hash), status, (roster, players))| Snapshot {
            epoch,
            tick,
            status,
            phase_ends_at,
            roster,
            players,
            view_hash,
        },
    )
}

fn delta() -> impl Strategy<Value = Delta> {
    let lists =
        (vec(roster_entry(), 0..3), vec(any::<u32>(), 0..5), vec(change(), 0..20), vec(shot(), 0..10));
    (any::<([u32; 3], Option<u32>, Option<u32>)>(), numbered::<FrameStatus>(), lists).prop_map(
        |(([epoch, tick, base_tick], phase_ends_at, view_hash), status, (joined, left, changed, shots))| {
            Delta { epoch, tick, base_tick, status, phase_ends_at, joined, left, changed, shots, view_hash }
        },
    )
}

fn correction() -> impl Strategy<Value = Correction> {
    (numbered::<Reason>(), any::<([u32; 3], [i32; 3], u16, i16, [i32; 3], Option<u32>)>()).prop_map(
        |(reason, ([input_seq, pose_epoch, bank_ticks], at, yaw, pitch, velocity, client_tick))| Correction {
            reason,
            input_seq,
            pose: WirePose { at, yaw, pitch },
            pose_epoch,
            bank_ticks,
            velocity,
            client_tick,
        },
    )
}

fn verdict() -> impl Strategy<Value = InputVerdict> {
    let hit = (any::<(u32, i32, i32, bool)>(), numbered::<Zone>()).prop_map(
        |((victim, amount_milli, remaining_health_milli, killed), zone)| VerdictHit {
            victim,
            zone,
            amount_milli,
            remaining_health_milli,
            killed,
        },
    );
    (any::<[u32; 2]>(), numbered::<Outcome>(), option::of(numbered::<Reason>()), option::of(hit)).prop_map(
        |([input_seq, applied_tick], outcome, reason, hit)| InputVerdict {
            input_seq,
            outcome,
            reason,
            applied_tick,
            hit,
        },
    )
}

fn own() -> impl Strategy<Value = Own> {
    let lists = (vec(any::<u32>(), 0..=4), option::of(correction()), vec(verdict(), 0..8));
    (any::<([u32; 6], u8, u16, Option<u32>, Option<u32>)>(), lists).prop_map(
        |((ticks, weapon_in_hand, rounds, reloaded_at_tick, respawn_at_tick), lists)| {
            let [tick, last_input_seq, durable_tick, pose_epoch, bank_ticks, ready_at_tick] = ticks;
            let (abilities, correction, verdicts) = lists;
            Own {
                tick,
                last_input_seq,
                durable_tick,
                pose_epoch,
                bank_ticks,
                weapon_in_hand,
                rounds,
                ready_at_tick,
                reloaded_at_tick,
                ability_ready_at_ticks: abilities.into_iter().collect(),
                respawn_at_tick,
                correction,
                verdicts,
            }
        },
    )
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let texts = vec("[ -~]{0,40}", 6);
    let lists = (vec("[a-z]{1,12}", 0..=8), vec("[a-z]{1,12}", 0..=4));
    let numbers = any::<([u32; 8], Option<u32>, Option<u8>, Option<[u32; 4]>)>();
    (texts, numbered::<Role>(), numbers, lists, snapshot(), option::of(own())).prop_map(
        |(texts, role, (ints, sim_id, slot, resumed), (weapons, abilities), snapshot, own)| {
            let [tick_rate_hz, frame_hz, epoch, tick, durable_tick, delay_ms, last_input_seq, protocol_draft] =
                ints;
            let mut texts = texts.into_iter();
            let mut text = || texts.next().unwrap();
            Welcome {
                session_id: text(),
                role,
                sim_id,
                slot,
                tick_rate_hz,
                frame_hz,
                epoch,
                tick,
                durable_tick,
                durability: text(),
                delay_ms,
                map_id: text(),
                map_hash: text(),
                ruleset_name: text(),
                ruleset_hash: text(),
                weapons,
                abilities,
                last_input_seq,
                resumed: resumed.map(|[epoch, tick, rolled_back_from_epoch, rolled_back_from_tick]| {
                    ResumedFrom { epoch, tick, rolled_back_from_epoch, rolled_back_from_tick }
                }),
                snapshot,
                own,
                protocol_draft,
            }
        },
    )
}

/// Of events.
fn undeclared_kinds() -> Vec<u8> {
    let declared: Vec<_> = event_tables().iter().map(|event| event.number).collect();
    (0..=u8::MAX).filter(|kind| !declared.contains(kind)).collect()
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (any::<u32>(), display_name())
            .prop_map(|(sim_id, display_name)| Happening::Joined { sim_id, display_name }),
        (any::<u32>(), numbered::<LeaveCause>())
            .prop_map(|(sim_id, cause)| Happening::Left { sim_id, cause }),
        (any::<(u32, Option<u32>, u8)>(), numbered::<Zone>()).prop_map(|((victim, killer, cause), zone)| {
            Happening::Killed { victim, killer, cause, zone }
        }),
        numbered::<Phase>().prop_map(|phase| Happening::PhaseChanged { phase }),
        (numbered::<EndReason>(), any::<(Option<u32>, Option<u8>)>())
            .prop_map(|(reason, (winner, winning_team))| Happening::Ended { reason, winner, winning_team }),
        any::<u32>().prop_map(|epoch| Happening::Resumed { epoch }),
        Just(Happening::PlayGoesOn),
        any::<(u32, u32)>().prop_map(|(epoch, tick)| Happening::Durable { epoch, tick }),
        prop::sample::select(undeclared_kinds()).prop_map(|kind| Happening::Unknown { kind }),
    ]
}

pub fn server_message() -> impl Strategy<Value = ServerMessage> {
    let event = (any::<(u32, u32)>(), happening()).prop_map(|((epoch, tick), happening)| EventMessage {
        epoch,
        tick,
        happening,
    });
    let pong =
        any::<(u32, u32, u8, u32, u16)>().prop_map(|(nonce, tick, tick_fraction, bank_ticks, rtt_ms)| Pong {
            nonce,
            tick,
            tick_fraction,
            bank_ticks,
            rtt_ms,
        });
    let status = (numbered::<ServerState>(), "[ -~ä\n]{0,80}")
        .prop_map(|(state, reason)| StatusMessage { state, reason });
    prop_oneof![
        welcome().prop_map(|welcome| ServerMessage::Welcome(Box::new(welcome))),
        snapshot().prop_map(ServerMessage::Snapshot),
        delta().prop_map(ServerMessage::Delta),
        own().prop_map(ServerMessage::Own),
        event.prop_map(ServerMessage::Event),
        pong.prop_map(ServerMessage::Pong),
        status.prop_map(ServerMessage::Status),
    ]
}
