//! One table from event to type and columns: every reader of events (JSON, REST, SQL, streams) takes its shape from here.

use crate::cause::Cause;
use crate::command::LeaveCause;
use crate::event::Event;
use crate::ids::{Epoch, SimId, Slot, Team};
use crate::phase::{EndReason, Phase};
use crate::quantity::{MilliPoints, Vec3Mm, Velocity};
use crate::reason::Reason;
use crate::verdict::Zone;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A whole number: an id, a place in a list, a count.
    Integer,
    /// One of a closed list of words.
    Code,
    /// Points, kept in thousandths.
    Points,
    /// x, y and z, in millimetres or millimetres per second.
    Vector,
}

impl ColumnType {
    /// As a database calls it.
    pub const fn sql(self) -> &'static str {
        match self {
            Self::Integer => "bigint",
            Self::Code => "text",
            Self::Points => "numeric(12,3)",
            Self::Vector => "integer[3]",
        }
    }
}

/// A column of a type of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub of: ColumnType,
    pub nullable: bool,
}

impl Column {
    const fn of<T: InColumn>(name: &'static str) -> Self {
        Self { name, of: T::TYPE, nullable: T::NULLABLE }
    }
}

/// A type of event, and what is told of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventType {
    pub name: &'static str,
    pub columns: &'static [Column],
}

/// What stands in one column of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Null,
    Integer(i64),
    Code(&'static str),
    /// In thousandths.
    Points(i64),
    Vector([i32; 3]),
}

impl Cell {
    /// `None` for null, which may stand in every nullable column.
    pub const fn column_type(self) -> Option<ColumnType> {
        match self {
            Self::Null => None,
            Self::Integer(_) => Some(ColumnType::Integer),
            Self::Code(_) => Some(ColumnType::Code),
            Self::Points(_) => Some(ColumnType::Points),
            Self::Vector(_) => Some(ColumnType::Vector),
        }
    }
}

/// What can stand in a column.
trait InColumn {
    const TYPE: ColumnType;
    const NULLABLE: bool = false;

    fn cell(self) -> Cell;
}

macro_rules! in_column {
    ($($type:ty: $of:ident($value:ident => $cell:expr);)+) => {$(
        impl InColumn for $type {
            const TYPE: ColumnType = ColumnType::$of;

            fn cell(self) -> Cell {
                let $value = self;
                Cell::$of($cell)
            }
        }
    )+};
}
in_column! {
    u8: Integer(number => number.into());
    u32: Integer(number => number.into());
    SimId: Integer(id => id.0.into());
    Slot: Integer(slot => slot.0.into());
    Team: Integer(team => team.0.into());
    Cause: Code(cause => cause.code());
    Epoch: Integer(epoch => epoch.0.into());
    LeaveCause: Code(cause => cause.code());
    Reason: Code(reason => reason.code());
    Zone: Code(zone => zone.code());
    Phase: Code(phase => phase.code());
    EndReason: Code(reason => reason.code());
    MilliPoints: Points(points => points.0.into());
    Vec3Mm: Vector(at => [at.x, at.y, at.z]);
    Velocity: Vector(velocity => [velocity.x, velocity.y, velocity.z]);
}

impl<T: InColumn> InColumn for Option<T> {
    const TYPE: ColumnType = T::TYPE;
    const NULLABLE: bool = true;

    fn cell(self) -> Cell {
        self.map_or(Cell::Null, T::cell)
    }
}

/// Every field is named, and one that no column tells is `field: _`: the compiler asks what becomes of a new one.
macro_rules! event_table {
    ($($name:literal = $variant:ident { $($field:ident $(: $untold:tt)?),* } => [$($column:literal: $of:ty = $value:expr),* $(,)?];)+) => {
        /// Every type of event, in the order of [`Event`].
        pub const EVENT_TYPES: &[EventType] =
            &[$(EventType { name: $name, columns: &[$(Column::of::<$of>($column)),*] }),+];

        impl Event {
            /// As JSON, REST and tables call it.
            pub const fn type_name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)+
                }
            }

            /// Tells every column's name and what stands in it, in the order of the type's columns.
            pub fn tell_cells(&self, mut tell: impl FnMut(&'static str, Cell)) {
                match *self {
                    $(Self::$variant { $($field $(: $untold)?),* } => {
                        $(tell($column, <$of as InColumn>::cell($value));)*
                    })+
                }
            }
        }
    };
}
event_table! {
    "joined" = Joined { id, slot } => ["simId": SimId = id, "slot": Slot = slot];
    "left" = Left { id, slot, cause } => ["simId": SimId = id, "slot": Slot = slot, "cause": LeaveCause = cause];
    "connected" = Connected { id } => ["simId": SimId = id];
    "disconnected" = Disconnected { id } => ["simId": SimId = id];
    "displaced" = Displaced { id, slot: _, reason, input_seq, pose, velocity, pose_epoch, client_tick: _ } => [
        "simId": SimId = id, "reason": Reason = reason, "inputSeq": u32 = input_seq, "at": Vec3Mm = pose.at,
        "velocity": Velocity = velocity, "poseEpoch": u32 = pose_epoch,
    ];
    "too_many_refusals" = TooManyRefusals { id, slot: _, reason } => ["simId": SimId = id, "reason": Reason = reason];
    "shot" = Shot { shooter, weapon, from, to, struck } => [
        "shooter": SimId = shooter, "weapon": u8 = weapon, "from": Vec3Mm = from, "to": Vec3Mm = to,
        "struck": Option<SimId> = struck,
    ];
    "damaged" = Damaged { by, cause, victim, zone, amount, harm, remaining_health } => [
        "attacker": Option<SimId> = by, "victim": SimId = victim, "cause": Cause = cause,
        "causeIndex": Option<u8> = cause.index(), "zone": Zone = zone,
        "amount": MilliPoints = amount, "taken": MilliPoints = harm.taken, "absorbed": MilliPoints = harm.absorbed,
        "overkill": MilliPoints = harm.overkill, "remainingHealth": MilliPoints = remaining_health,
    ];
    "died" = Died { victim, by, cause, zone } => [
        "victim": SimId = victim, "killer": Option<SimId> = by, "cause": Cause = cause,
        "causeIndex": Option<u8> = cause.index(), "zone": Zone = zone,
    ];
    "ability_used" = AbilityUsed { id, ability } => ["simId": SimId = id, "ability": u8 = ability];
    "reloaded" = Reloaded { id, weapon } => ["simId": SimId = id, "weapon": u8 = weapon];
    "switched" = Switched { id, weapon } => ["simId": SimId = id, "weapon": u8 = weapon];
    "phase_changed" = PhaseChanged { phase } => ["phase": Phase = phase];
    "resumed" = Resumed { epoch } => ["epoch": Epoch = epoch];
    "play_goes_on" = PlayGoesOn {} => [];
    "ended" = Ended { reason, winner } => [
        "reason": EndReason = reason, "winner": Option<SimId> = winner.player(),
        "winningTeam": Option<Team> = winner.team(),
    ];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::phase::Winner;
    use crate::quantity::Pose;
    use crate::verdict::Harm;

    /// One of each type: the compiler holds the table to every variant, this the cells to the columns.
    fn one_of_each() -> Vec<Event> {
        let (id, slot, weapon, zone, reason) = (SimId(1), Slot(2), 3, Zone::Head, Reason::TooFast);
        let (from, to, amount) = (Vec3Mm::new(1, 2, 3), Vec3Mm::new(4, 5, 6), MilliPoints(7));
        let (by, cause, victim, harm) = (Some(id), Cause::Weapon(3), SimId(9), Harm::default());
        let (pose, velocity, client_tick) = (Pose::default(), Velocity::default(), None);
        vec![
            Event::Joined { id, slot },
            Event::Left { id, slot, cause: LeaveCause::Left },
            Event::Connected { id },
            Event::Disconnected { id },
            Event::Displaced { id, slot, reason, input_seq: 4, pose, velocity, pose_epoch: 5, client_tick },
            Event::TooManyRefusals { id, slot, reason },
            Event::Shot { shooter: id, weapon, from, to, struck: None },
            Event::Damaged { by, cause, victim, zone, amount, harm, remaining_health: amount },
            Event::Died { victim, by: None, cause: Cause::World, zone },
            Event::AbilityUsed { id, ability: 0 },
            Event::Reloaded { id, weapon },
            Event::Switched { id, weapon },
            Event::PhaseChanged { phase: Phase::Active },
            Event::Resumed { epoch: Epoch(2) },
            Event::PlayGoesOn,
            Event::Ended { reason: EndReason::Empty, winner: Winner::Player { id } },
        ]
    }

    #[test]
    fn every_event_is_in_the_table_and_its_cells_are_what_its_columns_say() {
        let events = one_of_each();
        let names: Vec<_> = events.iter().map(Event::type_name).collect();
        assert_eq!(names, EVENT_TYPES.iter().map(|of| of.name).collect::<Vec<_>>());
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "no two types have one name");
        for (event, of) in events.iter().zip(EVENT_TYPES) {
            let mut columns = of.columns.iter();
            event.tell_cells(|name, cell| {
                let column = columns.next().expect("as many cells as columns");
                assert_eq!(name, column.name, "{}", of.name);
                let fits = cell.column_type().map_or(column.nullable, |found| found == column.of);
                assert!(fits, "{}.{name}: {cell:?} in {column:?}", of.name);
            });
            assert_eq!(columns.next(), None, "{}", of.name);
        }
    }
}
