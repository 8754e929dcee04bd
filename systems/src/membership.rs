//! Joining, leaving and the facts about links: the commands of session and services.

use arrayvec::ArrayVec;
use bevy_ecs::change_detection::Mut;
use bevy_ecs::entity::Entity;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, SystemState};
use bevy_ecs::world::{FromWorld, World};
use combat_components::body::{Body, Motion};
use combat_components::claims::{ClaimState, RecentClaims};
use combat_components::command::{Command, LeaveCause};
use combat_components::departed::DepartedPlayers;
use combat_components::effects::Effects;
use combat_components::event::Event;
use combat_components::history::History;
use combat_components::identity::Identity;
use combat_components::ids::{Epoch, SimId, Slot, Team};
use combat_components::limits::PLAYERS_MAX;
use combat_components::link::Link;
use combat_components::phase::{EndReason, MatchState, Phase};
use combat_components::places::PlacesLeft;
use combat_components::quantity::Pose;
use combat_components::reason::Reason;
use combat_components::score::Score;
use combat_components::streams::Streams;
use combat_components::tick::Tick;
use combat_components::vitals::Vitals;

use crate::departures;
use crate::field::Field;
use crate::fighter::whole;
use crate::ground::Ground;
use crate::inbox::Now;
use crate::match_flow;
use crate::modes::Stander;
use crate::output::TickOutput;
use crate::roster::Roster;
use crate::spawns::{Standing, choose_spawn};
use crate::state::{Fighter, FighterBundle};
use crate::tick_rules::{SessionLevel, TickRules};

/// Applies one command of a request or of the service; claims and actions are left for their phases.
///
/// # Errors
/// Why nothing was changed by it, where somebody may have asked for it.
pub fn apply(world: &mut World, command: &Command) -> Result<(), Reason> {
    match command {
        Command::Join { slot, pseudonym, team, bot, .. } => {
            let identity = Identity { slot: *slot, team: *team, pseudonym: *pseudonym, bot: *bot };
            return join(world, identity);
        }
        Command::Leave { slot, cause, .. } => return leave(world, *slot, *cause),
        Command::End { reason, .. } => end(world, *reason),
        Command::Connected { slot } => connect(world, *slot),
        Command::Disconnected { slot } => disconnect(world, *slot),
        Command::LinkSampled { slot, rtt_ms } => with_link(world, *slot, |link| link.rtt_ms = *rtt_ms),
        Command::FramesSkipped { slot, from, to } => with_link(world, *slot, |link| {
            (link.skipped_from, link.skipped_to) = (*from, *to);
        }),
        Command::SnapshotSent { slot, at } => with_link(world, *slot, |link| link.snapshot_at = *at),
        Command::ScheduleMoved { .. } => hold_everybody(world, Reason::ScheduleMoved),
        Command::Resumed { epoch } => resume(world, *epoch),
        Command::Claim { .. } | Command::Action { .. } => {}
    }
    Ok(())
}

fn leave(world: &mut World, slot: Slot, cause: LeaveCause) -> Result<(), Reason> {
    world.resource::<Roster>().in_slot(slot).ok_or(Reason::NotInSession)?;
    departures::leave(world, slot, cause);
    Ok(())
}

fn join(world: &mut World, identity: Identity) -> Result<(), Reason> {
    if departures::stays(world, identity.pseudonym) {
        return Ok(());
    }
    let roster = world.resource::<Roster>();
    if world.resource::<MatchState>().phase == Phase::Ended {
        return Err(Reason::SessionEnded);
    }
    if usize::from(identity.slot.0) >= PLAYERS_MAX || roster.in_slot(identity.slot).is_some() {
        return Err(Reason::SessionFull);
    }
    let id = roster.next_id();
    let now = world.resource::<Now>().0;
    let is_on = world.resource::<MatchState>().phase == Phase::Active;
    let departed = world.resource_mut::<DepartedPlayers>().rejoined(identity.pseudonym);
    let kept_team = departed.filter(|_| is_on).and_then(|departed| departed.team);
    let identity =
        Identity { team: kept_team.unwrap_or_else(|| dealt_team(world, identity.team)), ..identity };
    let pose = place_for_newcomer(world, identity.team);
    let grounded = world.resource::<SessionLevel>().level.grounded(pose.at);
    let rules = world.resource::<TickRules>();
    let (mut vitals, mut arms, mut cooldowns) = whole(rules, now);
    // Leaving and joining again must not be quicker than dying, nor heal, load or make ready.
    if is_on {
        let kept = departed.and_then(|departed| departed.kept);
        let returns_with = kept.map(|kept| kept.strength);
        vitals =
            Vitals { respawn_at: Some(now.plus(rules.respawn_ticks)), returns_with, ..Vitals::default() };
        (arms, cooldowns) = kept.map_or((arms, cooldowns), |kept| (kept.arms, kept.cooldowns));
    }
    // Only those are waited for who were there when the match began: a stranger's absence stretches nothing.
    let stranger = Score { away_ticks: if is_on { rules.empty_ticks_max } else { 0 }, ..Score::default() };
    let bundle = FighterBundle {
        id,
        identity,
        body: Body::appearing(pose, now),
        motion: rules.movement.placed(grounded, &Motion::default()),
        claims: ClaimState {
            pose_epoch: 1,
            pose_since: now,
            falls_at: now.plus(rules.bank_ticks_max),
            bank_origin: now.0 as i32,
            refusals: departed.map_or(0, |departed| departed.refusals),
            refused_at: departed.map_or(Tick::default(), |departed| departed.refused_at),
            ..ClaimState::default()
        },
        recent: RecentClaims::default(),
        history: History::standing_at(pose),
        vitals,
        arms,
        cooldowns,
        score: departed.map_or(stranger, |departed| departed.score),
        link: Link { changed_at: now, ..Link::default() },
        effects: Effects::default(),
    };
    let entity = world.spawn(bundle).id();
    world.resource_mut::<Roster>().insert(id, identity.slot, entity);
    world.resource_mut::<TickOutput>().events.push(Event::Joined { id, slot: identity.slot });
    Ok(())
}

/// What the mode makes of a newcomer's wish.
fn dealt_team(world: &World, wish: Team) -> Team {
    let team = |entity| world.get::<Identity>(entity).expect("every body in the roster has an identity").team;
    let others: ArrayVec<Team, PLAYERS_MAX> = world.resource::<Roster>().entities().map(team).collect();
    world.resource::<TickRules>().mode.team_of(wish, &others)
}

fn place_for_newcomer(world: &mut World, team: Team) -> Pose {
    let mut standing = Standing::new();
    for entity in world.resource::<Roster>().entities() {
        let body = world.get::<Body>(entity).expect("every body in the roster has a pose");
        let identity = world.get::<Identity>(entity).expect("every body in the roster has an identity");
        if world.get::<Vitals>(entity).is_some_and(Vitals::is_alive) {
            let id = *world.get::<SimId>(entity).expect("every body in the roster has an id");
            standing.push(Stander { id, at: body.pose.at, team: identity.team });
        }
    }
    world.resource_scope(|world, mut streams: Mut<'_, Streams>| {
        let mut places_left = *world.resource::<PlacesLeft>();
        let (rules, level) = (world.resource::<TickRules>(), world.resource::<SessionLevel>());
        let pose =
            choose_spawn(rules, &level.level, (team, &standing), (&mut streams.spawns, &mut places_left));
        world.insert_resource(places_left);
        pose
    })
}

fn end(world: &mut World, reason: EndReason) {
    if world.resource::<MatchState>().phase != Phase::Ended {
        let mut state: SystemState<Field> = SystemState::new(world);
        let mut field = state.get_mut(world).expect("the resources are there from creation on");
        match_flow::end(reason, &mut field);
    }
}

fn connect(world: &mut World, slot: Slot) {
    let Some(entity) = world.resource::<Roster>().in_slot(slot) else {
        return;
    };
    let id = *world.get::<SimId>(entity).expect("every body in the roster has an id");
    with_link_at(world, slot, true);
    with_fighters(world, |_, fighters, ground| hold_still(fighters, entity, Reason::Reconnected, ground));
    world.resource_mut::<TickOutput>().events.push(Event::Connected { id });
}

fn disconnect(world: &mut World, slot: Slot) {
    let Some(entity) = world.resource::<Roster>().in_slot(slot) else {
        return;
    };
    let id = *world.get::<SimId>(entity).expect("every body in the roster has an id");
    with_link_at(world, slot, false);
    world.resource_mut::<TickOutput>().events.push(Event::Disconnected { id });
}

fn with_link_at(world: &mut World, slot: Slot, connected: bool) {
    let now = world.resource::<Now>().0;
    with_link(world, slot, |link| (link.connected, link.changed_at) = (connected, now));
}

fn with_link(world: &mut World, slot: Slot, change: impl FnOnce(&mut Link)) {
    if let Some(entity) = world.resource::<Roster>().in_slot(slot) {
        change(&mut world.get_mut::<Link>(entity).expect("every body in the roster has a link"));
    }
}

/// After a restart nobody is connected; play waits for the players and the match clock stands still.
fn resume(world: &mut World, epoch: Epoch) {
    let now = world.resource::<Now>().0;
    for slot in 0..PLAYERS_MAX as u8 {
        with_link_at(world, Slot(slot), false);
    }
    hold_everybody(world, Reason::Reconnected);
    let until = now.plus(world.resource::<TickRules>().resuming_ticks_max);
    let mut state = world.resource_mut::<MatchState>();
    if state.phase != Phase::Ended {
        if state.resuming_until.is_none() {
            state.resuming_since = now;
        }
        state.resuming_until = Some(until);
    }
    world.resource_mut::<TickOutput>().events.push(Event::Resumed { epoch });
}

fn hold_everybody(world: &mut World, because: Reason) {
    with_fighters(world, |roster, fighters, ground| {
        for entity in roster.entities() {
            hold_still(fighters, entity, because, ground);
        }
    });
}

/// What commands of links need of the world: made once, because a tick may bring one for every slot.
#[derive(Resource)]
pub struct Placing(SystemState<(Res<'static, Roster>, Query<'static, 'static, Fighter>, Ground<'static>)>);

impl FromWorld for Placing {
    fn from_world(world: &mut World) -> Self {
        Self(SystemState::new(world))
    }
}

fn with_fighters(world: &mut World, act: impl FnOnce(&Roster, &mut Query<Fighter>, &mut Ground<'_>)) {
    world.resource_scope(|world, mut placing: Mut<'_, Placing>| {
        let (roster, mut fighters, mut ground) =
            placing.0.get_mut(world).expect("the resources are there from creation on");
        act(&roster, &mut fighters, &mut ground);
    });
}

/// Tells a body where it is and how fast, without moving it; its client's clock is not known any more.
fn hold_still(fighters: &mut Query<Fighter>, entity: Entity, because: Reason, ground: &mut Ground<'_>) {
    let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
    fighter.hold_still_and_forget_clock(because, &mut ground.displacing());
}
