//! The kinds of reliable events: what of each stands among the numbers of a message, and what among its texts.

use combat_components::command::LeaveCause;
use combat_components::ids::DisplayName;
use combat_components::phase::{EndReason, Phase};
use combat_components::verdict::Zone;

use crate::codec::describe::{EventTable, FieldRow, Shape};
use crate::codec::error::DecodeError;
use crate::codec::field::Field;
use crate::codec::form::{Form, Spread};
use crate::codec::sink::Sink;
use crate::codec::source::Source;
use crate::limits::{EVENT_ITEMS_MAX, TEXT_BYTES_MAX};
use crate::numbers::Numbered;

/// What may stand among the numbers of an event: an integer, or nil where there is none.
trait Int: Field {}

impl Int for u8 {}
impl Int for u32 {}
impl<T: Numbered> Int for T {}
impl Int for Option<u8> {}
impl Int for Option<u32> {}
impl<T: Numbered> Int for Option<T> {}

/// What may stand among its texts.
trait Text: Field {}

impl Text for DisplayName {}

/// Between these is every integer of the protocol: so a kind can be skipped that is not known.
const INT_MIN: i64 = i32::MIN as i64;
const INT_MAX: i64 = u32::MAX as i64;

/// How many these are; never more than whoever does not know the kind skips.
const fn count(names: &[&str]) -> usize {
    assert!(names.len() <= EVENT_ITEMS_MAX);
    names.len()
}

fn skip<'a>(source: &mut impl Source<'a>) -> Result<(), DecodeError> {
    for _ in 0..source.open_list("ints", EVENT_ITEMS_MAX)? {
        if !source.nil("int")? {
            source.integer("int", INT_MIN, INT_MAX)?;
        }
    }
    source.close()?;
    for _ in 0..source.open_list("texts", EVENT_ITEMS_MAX)? {
        source.text("text", TEXT_BYTES_MAX)?;
    }
    source.close()
}

fn int<T: Int>(name: &'static str) -> FieldRow {
    FieldRow { name, shape: T::shape(), meaning: "" }
}

fn text<T: Text>(name: &'static str) -> FieldRow {
    FieldRow { name, shape: T::shape(), meaning: "" }
}

macro_rules! events {
    (
        $(#[$attr:meta])*
        pub enum $Happening:ident {
            $($(#[doc = $meaning:literal])+ $number:literal $name:literal = $Variant:ident
                $({ $($int:ident $int_name:literal: $Int:ty),*; $($text:ident $text_name:literal: $Text:ty),* })?,
            )+
        }
    ) => {
        $(#[$attr])*
        pub enum $Happening {
            $($(#[doc = $meaning])+ $Variant $({ $($int: $Int,)* $($text: $Text,)* })?,)+
            /// A kind this version does not know; to be skipped.
            Unknown { kind: u8 },
        }

        impl Form<$Happening> for Spread {
            type Names = ();
            /// A kind, numbers, texts.
            const ARITY: usize = 3;

            fn write(happening: &$Happening, sink: &mut impl Sink, (): ()) {
                match happening {
                    $($Happening::$Variant $({ $($int,)* $($text,)* })? => {
                        sink.integer("kind", $number);
                        sink.open_list("ints", const { count(&[$($($int_name),*)?]) });
                        $($(Field::write($int, sink, $int_name);)*)?
                        sink.close();
                        sink.open_list("texts", const { count(&[$($($text_name),*)?]) });
                        $($(Field::write($text, sink, $text_name);)*)?
                        sink.close();
                    })+
                    $Happening::Unknown { kind } => {
                        sink.integer("kind", (*kind).into());
                        for list in ["ints", "texts"] {
                            sink.open_list(list, 0);
                            sink.close();
                        }
                    }
                }
            }

            fn read<'a>(source: &mut impl Source<'a>, (): ()) -> Result<$Happening, DecodeError> {
                match u8::read(source, "kind")? {
                    $($number => {
                        source.open_row("ints", const { count(&[$($($int_name),*)?]) })?;
                        $($(let $int = <$Int>::read(source, $int_name)?;)*)?
                        source.close()?;
                        source.open_row("texts", const { count(&[$($($text_name),*)?]) })?;
                        $($(let $text = <$Text>::read(source, $text_name)?;)*)?
                        source.close()?;
                        Ok($Happening::$Variant $({ $($int,)* $($text,)* })?)
                    })+
                    kind => skip(source).map(|()| $Happening::Unknown { kind }),
                }
            }

            fn describe((): (), _meaning: &'static str) -> Vec<FieldRow> {
                let list = |of| Shape::List { of: Box::new(of), max: EVENT_ITEMS_MAX };
                let int = Shape::Integer { min: INT_MIN, max: INT_MAX };
                let ints = list(Shape::Optional(Box::new(int)));
                let texts = list(Shape::Text { bytes_max: TEXT_BYTES_MAX });
                vec![
                    FieldRow { name: "kind", shape: u8::shape(), meaning: "see below; skip kinds you do not know" },
                    FieldRow { name: "ints", shape: ints, meaning: "exactly those of its kind" },
                    FieldRow { name: "texts", shape: texts, meaning: "exactly those of its kind" },
                ]
            }
        }

        /// Every kind of event, by rising number.
        pub fn event_tables() -> Vec<EventTable> {
            vec![$(EventTable {
                number: $number,
                name: $name,
                ints: vec![$($(int::<$Int>($int_name)),*)?],
                texts: vec![$($(text::<$Text>($text_name)),*)?],
                meaning: concat!($($meaning),+).trim_ascii(),
            }),+]
        }
    };
}

events! {
    /// What happened, told reliably and in order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Happening {
        /// A player came, or came back.
        0 "joined" = Joined { sim_id "simId": u32; display_name "displayName": DisplayName },
        /// A player went.
        1 "left" = Left { sim_id "simId": u32, cause "cause": LeaveCause; },
        /// A player died; `killer` is nil where nobody did it. `cause` is a weapon by its index, an ability by 64 and its index,
        /// an effect by 128 and its index, or 255, the world.
        2 "killed" = Killed { victim "victim": u32, killer "killer": Option<u32>, cause "cause": u8, zone "zone": Zone; },
        /// Another phase of the match has begun.
        3 "phase" = PhaseChanged { phase "phase": Phase; },
        /// The match is over. `winner` is nil where no player has won it, and `winningTeam` where no team has: with neither it
        /// is a draw.
        4 "ended" = Ended {
            reason "reason": EndReason, winner "winner": Option<u32>, winning_team "winningTeam": Option<u8>;
        },
        /// The session was taken up again in a new epoch.
        5 "resumed" = Resumed { epoch "epoch": u32; },
        /// The wait for players after that is over.
        6 "playGoesOn" = PlayGoesOn,
        /// Every event up to this tick is final.
        7 "durable" = Durable { epoch "epoch": u32, tick "tick": u32; },
    }
}
