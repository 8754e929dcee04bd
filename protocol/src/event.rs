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

/// A number of an event. What stands last may be left out.
trait Int: Field {
    const REQUIRED: usize = 1;

    fn count(&self) -> usize {
        1
    }

    fn put(&self, sink: &mut impl Sink) {
        self.write(sink, "int");
    }

    /// `left`: how many numbers of the event are still to be read.
    fn take<'a>(
        source: &mut impl Source<'a>,
        name: &'static str,
        left: &mut usize,
    ) -> Result<Self, DecodeError> {
        *left -= 1;
        Self::read(source, name)
    }
}

impl Int for u8 {}
impl Int for u32 {}
impl<T: Numbered> Int for T {}

impl<T: Int> Int for Option<T> {
    const REQUIRED: usize = 0;

    fn count(&self) -> usize {
        usize::from(self.is_some())
    }

    fn put(&self, sink: &mut impl Sink) {
        self.iter().for_each(|value| value.put(sink));
    }

    fn take<'a>(
        source: &mut impl Source<'a>,
        name: &'static str,
        left: &mut usize,
    ) -> Result<Self, DecodeError> {
        if *left == 0 { Ok(None) } else { T::take(source, name, left).map(Some) }
    }
}

fn open_ints<'a>(source: &mut impl Source<'a>, required: usize, max: usize) -> Result<usize, DecodeError> {
    match source.open_list("ints", EVENT_ITEMS_MAX)? {
        found if (required..=max).contains(&found) => Ok(found),
        found => Err(DecodeError::WrongArity { what: "ints", found, expected: required }),
    }
}

fn skip<'a>(source: &mut impl Source<'a>) -> Result<(), DecodeError> {
    for _ in 0..source.open_list("ints", EVENT_ITEMS_MAX)? {
        source.integer("int", i64::MIN, i64::MAX)?;
    }
    source.close()?;
    for _ in 0..source.open_list("texts", EVENT_ITEMS_MAX)? {
        source.text("text", TEXT_BYTES_MAX)?;
    }
    source.close()
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
                        sink.open_list("ints", 0 $($(+ $int.count())*)?);
                        $($(Int::put($int, sink);)*)?
                        sink.close();
                        let texts: &[&str] = &[$($(stringify!($text)),*)?];
                        sink.open_list("texts", texts.len());
                        $($(Field::write($text, sink, "text");)*)?
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
                        let names: &[&str] = &[$($($int_name),*)?];
                        let required = 0 $($(+ <$Int as Int>::REQUIRED)*)?;
                        #[allow(unused_mut, unused_variables, reason = "an event may have no numbers")]
                        let mut left = open_ints(source, required, names.len())?;
                        $($(let $int = <$Int as Int>::take(source, $int_name, &mut left)?;)*)?
                        source.close()?;
                        let names: &[&str] = &[$($($text_name),*)?];
                        source.open_row("texts", names.len())?;
                        $($(let $text = <$Text>::read(source, $text_name)?;)*)?
                        source.close()?;
                        Ok($Happening::$Variant $({ $($int,)* $($text,)* })?)
                    })+
                    kind => skip(source).map(|()| $Happening::Unknown { kind }),
                }
            }

            fn describe((): (), _meaning: &'static str) -> Vec<FieldRow> {
                vec![
                    FieldRow { name: "kind", shape: u8::shape(), meaning: "see below; skip kinds you do not know" },
                    FieldRow { name: "ints", shape: Shape::Ints, meaning: "by kind" },
                    FieldRow { name: "texts", shape: Shape::Texts, meaning: "by kind" },
                ]
            }
        }

        /// Every kind of event, by rising number.
        pub fn event_tables() -> Vec<EventTable> {
            vec![$(EventTable {
                number: $number,
                name: $name,
                ints: vec![$($(FieldRow { name: $int_name, shape: <$Int>::shape(), meaning: "" }),*)?],
                texts: vec![$($(FieldRow { name: $text_name, shape: <$Text>::shape(), meaning: "" }),*)?],
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
        /// A player died; `killer` is 0 where nobody did it. `cause` is a weapon by its index, an ability by 64 and its index, an
        /// effect by 128 and its index, or 255, the world.
        2 "killed" = Killed { victim "victim": u32, killer "killer": u32, cause "cause": u8, zone "zone": Zone; },
        /// Another phase of the match has begun.
        3 "phase" = PhaseChanged { phase "phase": Phase; },
        /// The match is over. `winner` is 0 where no player has won it, and `winningTeam` is left out where no team has: with
        /// neither it is a draw.
        4 "ended" = Ended {
            reason "reason": EndReason, winner "winner": u32, winning_team "winningTeam": Option<u8>;
        },
        /// The session was taken up again in a new epoch.
        5 "resumed" = Resumed { epoch "epoch": u32; },
        /// The wait for players after that is over.
        6 "playGoesOn" = PlayGoesOn,
        /// Every event up to this tick is final.
        7 "durable" = Durable { epoch "epoch": u32, tick "tick": u32; },
    }
}
