//! The table of everything that is state, a line for each part. What a body is made of and how systems ask for it, what
//! the hash covers, what a keyframe holds, and what a report can name follow from it and cannot differ.

#![allow(clippy::disallowed_methods, reason = "bevy's derive of Bundle forgets what it has moved out")]

use bevy_ecs::bundle::Bundle;
use bevy_ecs::query::QueryData;
use bevy_ecs::system::{Res, SystemParam};
use bevy_ecs::world::World;
use combat_components::ability::Cooldowns;
use combat_components::body::{Body, Motion};
use combat_components::canon::{Canon, CanonError, Reader, Traced, Trail};
use combat_components::claims::{ClaimState, RecentClaims};
use combat_components::departed::DepartedPlayers;
use combat_components::effects::Effects;
use combat_components::history::History;
use combat_components::identity::Identity;
use combat_components::ids::SimId;
use combat_components::link::Link;
use combat_components::mode_state::ModeState;
use combat_components::phase::MatchState;
use combat_components::places::PlacesLeft;
use combat_components::score::Score;
use combat_components::streams::Streams;
use combat_components::things::Things;
use combat_components::vitals::Vitals;
use combat_components::weapon::Arms;

use crate::holds::Holds;
use crate::roster::{Ids, Roster};

macro_rules! state {
    (
        bodies { $($kind:ident = $field:ident: $component:ident, $what:literal;)+ }
        resources {
            $($resource_kind:ident = $resource_field:ident: $resource:ident in $holder:ident, $resource_what:literal;)+
        }
    ) => {
        /// What a body is made of.
        #[derive(Bundle, Clone, Debug)]
        pub struct FighterBundle {
            pub id: SimId,
            $(pub $field: $component,)+
        }

        /// Every component of a body, for systems that change more than one.
        #[derive(QueryData)]
        #[query_data(mutable)]
        pub struct Fighter {
            pub id: &'static SimId,
            $(pub $field: &'static mut $component,)+
        }

        /// Everything that is state: component types in `SimId` order, then resources.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum StateKind {
            $($kind,)+
            $($resource_kind,)+
        }

        impl StateKind {
            pub const ALL: [Self; STATE_KINDS] = [$(Self::$kind,)+ $(Self::$resource_kind,)+];
            pub const COMPONENTS: &[Self] = &[$(Self::$kind,)+];
            pub const RESOURCES: &[Self] = &[$(Self::$resource_kind,)+];

            /// As reports name it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($component),)+
                    $(Self::$resource_kind => stringify!($resource),)+
                }
            }

            /// What it tells, for the page of the log's format.
            pub const fn what(self) -> &'static str {
                match self {
                    $(Self::$kind => $what,)+
                    $(Self::$resource_kind => $resource_what,)+
                }
            }

            /// Tells every field of the canonical bytes of one part of this kind.
            ///
            /// # Errors
            /// When they are none.
            pub fn trace(
                self,
                bytes: &[u8],
                visit: &mut dyn FnMut(Traced<'_>),
            ) -> Result<(), CanonError> {
                match self {
                    $(Self::$kind => Trail::of::<$component>(bytes, visit),)+
                    $(Self::$resource_kind => Trail::of::<$resource>(bytes, visit),)+
                }
            }
        }

        /// How many kinds of state there are.
        pub const STATE_KINDS: usize = [$(stringify!($kind),)+ $(stringify!($resource_kind),)+].len();

        impl FighterBundle {
            /// Components come in the order of [`StateKind::ALL`].
            pub(crate) fn take(id: SimId, reader: &mut Reader<'_>) -> Result<Self, CanonError> {
                Ok(Self { id, $($field: Canon::take(reader)?,)+ })
            }
        }

        /// The canonical bytes of one component; nothing for a kind that is a resource.
        pub(crate) fn put_component(fighter: &FighterReadOnlyItem<'_, '_>, kind: StateKind, out: &mut Vec<u8>) {
            match kind {
                $(StateKind::$kind => fighter.$field.put(out),)+
                $(StateKind::$resource_kind => {})+
            }
        }

        /// As [`put_component`], of all bodies: the kind is asked for once.
        pub(crate) fn put_components(
            fighters: &[FighterReadOnlyItem<'_, '_>],
            kind: StateKind,
            out: &mut Vec<u8>,
        ) {
            match kind {
                $(StateKind::$kind => fighters.iter().for_each(|fighter| fighter.$field.put(out)),)+
                $(StateKind::$resource_kind => {})+
            }
        }

        /// Puts the component that `bytes` are in place of that of a body; nothing for a kind that is a resource.
        ///
        /// # Errors
        /// When they are no component of this kind.
        pub(crate) fn replace_component(
            fighter: &mut FighterItem<'_, '_>,
            kind: StateKind,
            bytes: &[u8],
        ) -> Result<(), CanonError> {
            let mut reader = Reader::new(bytes);
            match kind {
                $(StateKind::$kind => {
                    let component = Canon::take(&mut reader)?;
                    reader.finish()?;
                    *fighter.$field = component;
                })+
                $(StateKind::$resource_kind => {})+
            }
            Ok(())
        }

        /// One component as text; nothing for a kind that is a resource.
        pub(crate) fn describe_component(fighter: &FighterReadOnlyItem<'_, '_>, kind: StateKind) -> String {
            match kind {
                $(StateKind::$kind => format!("{:?}", fighter.$field),)+
                $(StateKind::$resource_kind => String::new(),)+
            }
        }

        /// Every resource that is state.
        #[derive(SystemParam)]
        pub(crate) struct StateResources<'w> {
            $(pub $resource_field: Res<'w, $holder>,)+
        }

        impl StateResources<'_> {
            /// The canonical bytes of one resource; nothing for a kind that is a component.
            pub(crate) fn put(&self, kind: StateKind, out: &mut Vec<u8>) {
                match kind {
                    $(StateKind::$kind => {})+
                    $(StateKind::$resource_kind => Holds::<$resource>::held(&*self.$resource_field).put(out),)+
                }
            }
        }

        /// As [`StateResources::put`].
        pub(crate) fn put_resource(world: &World, kind: StateKind, out: &mut Vec<u8>) {
            match kind {
                $(StateKind::$kind => {})+
                $(StateKind::$resource_kind => Holds::<$resource>::held(world.resource::<$holder>()).put(out),)+
            }
        }

        /// One resource as text; nothing for a kind that is a component.
        pub(crate) fn describe_resource(world: &World, kind: StateKind) -> String {
            match kind {
                $(StateKind::$kind => String::new(),)+
                $(StateKind::$resource_kind => {
                    format!("{:?}", Holds::<$resource>::held(world.resource::<$holder>()))
                })+
            }
        }

        /// What a keyframe says of the resources.
        pub(crate) struct ResourcesRead {
            $(pub $resource_field: $resource,)+
        }

        impl ResourcesRead {
            /// Resources come in the order of [`StateKind::ALL`]; one that `world` does not keep is as it is there.
            pub(crate) fn take(world: &World, reader: &mut Reader<'_>) -> Result<Self, CanonError> {
                Ok(Self {
                    $($resource_field: match StateKind::$resource_kind.is_kept_in(world) {
                        true => Canon::take(reader)?,
                        false => Holds::<$resource>::held(world.resource::<$holder>()).clone(),
                    },)+
                })
            }

            /// Into a world that has the bodies they tell of.
            ///
            /// # Errors
            /// When they do not fit them.
            pub(crate) fn insert(self, world: &mut World) -> Result<(), CanonError> {
                $(Holds::<$resource>::hold(&mut *world.resource_mut::<$holder>(), self.$resource_field)?;)+
                Ok(())
            }
        }

        /// Puts the resource that `bytes` are in place of the world's; nothing for a kind that is a component.
        ///
        /// # Errors
        /// When they are no resource of this kind, or do not fit the bodies.
        pub(crate) fn replace_resource(
            world: &mut World,
            kind: StateKind,
            bytes: &[u8],
        ) -> Result<(), CanonError> {
            let mut reader = Reader::new(bytes);
            match kind {
                $(StateKind::$kind => Ok(()),)+
                $(StateKind::$resource_kind => {
                    let resource: $resource = Canon::take(&mut reader)?;
                    reader.finish()?;
                    Holds::<$resource>::hold(&mut *world.resource_mut::<$holder>(), resource)
                })+
            }
        }
    };
}

state! {
    bodies {
        Identity = identity: Identity, "slot, team, pseudonym, and whether it is a bot";
        Body = body: Body, "the pose, and who may be inside it";
        Motion = motion: Motion, "the velocities that it can have";
        Claims = claims: ClaimState, "the client's clock, its bank, pose epoch, fall, hold and refusals";
        RecentClaims = recent: RecentClaims, "a ring: their count u8 and the newest";
        History = history: History, "a ring: the pose of this tick";
        Vitals = vitals: Vitals, "health, armour, death and the last blow";
        Arms = arms: Arms, "the weapon in hand, and of each its rounds and when it may fire";
        Cooldowns = cooldowns: Cooldowns, "when each ability may be used again";
        Score = score: Score, "what has been achieved";
        Link = link: Link, "what is known of the connection";
        Effects = effects: Effects, "what lasts on it: by whom, when it acts and when it ends";
    }
    resources {
        Match = state: MatchState in MatchState, "phase, end, winner and round";
        Streams = streams: Streams in Streams, "the states of the random streams";
        Ids = roster: Ids in Roster, "the next `SimId`, then those of all bodies";
        Departed = departed: DepartedPlayers in DepartedPlayers, "who has left, and what is kept of them";
        Things = things: Things in Things, "projectiles, zones and deployables, the oldest first";
        Mode = mode: ModeState in ModeState, "what the mode keeps; a session whose mode keeps nothing has no such kind";
        Places = places: PlacesLeft in PlacesLeft, "how many more places for bodies may be asked for";
    }
}

impl StateKind {
    pub fn is_resource(self) -> bool {
        Self::RESOURCES.contains(&self)
    }

    /// Whether a session has state of this kind: one whose mode keeps nothing has none of a mode's.
    pub(crate) fn is_kept_in(self, world: &World) -> bool {
        self != Self::Mode || !world.resource::<ModeState>().0.is_empty()
    }
}
