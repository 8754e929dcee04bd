//! The forms in which messages and rows are declared; everything else about them follows.
//!
//! A field is its meaning as a doc comment, the name in Rust, the name on the wire, its type, and where that does not say
//! how it stands there, a form: `left ("left", "simId"): Vec<u32> as List<PLAYERS_MAX>`. The order is that on the wire.

/// What declarations are expanded with, apart from the caller's own names.
pub(crate) mod expansion {
    pub(crate) use super::{form, joined};
    pub(crate) use crate::codec::describe::{FieldRow, MessageTable, RowTable, Shape};
    pub(crate) use crate::codec::error::DecodeError;
    pub(crate) use crate::codec::field::{Field, Row};
    pub(crate) use crate::codec::message::{Kind, Kinds, Message, Record, Sent};
    pub(crate) use crate::codec::sink::Sink;
    pub(crate) use crate::codec::source::Source;
}

/// Something of the form that a field names, or of [`super::form::Plain`].
macro_rules! form {
    ($what:ident, $Type:ty) => {
        <$crate::codec::form::Plain as $crate::codec::form::Form<$Type>>::$what
    };
    ($what:ident, $Type:ty as $Form:ty) => {
        <$Form as $crate::codec::form::Form<$Type>>::$what
    };
}

/// What a variant holds: a record, or that in a box.
macro_rules! held {
    ($Record:ident) => { $Record };
    ($Record:ident in $Holder:ident) => { $Holder<$Record> };
}

/// Names as errors list them.
macro_rules! joined {
    ($first:literal $($rest:literal)*) => { concat!($first $(, ", ", $rest)*) };
}

/// Declares a struct whose fields stand in a message one after the other.
macro_rules! record {
    (
        $(#[$attr:meta])*
        pub struct $Record:ident {
            $($(#[doc = $meaning:literal])+ $field:ident $names:tt: $Type:ty $(as $Form:ty)?,)*
        }
    ) => {
        $(#[$attr])*
        pub struct $Record {
            $($(#[doc = $meaning])+ pub $field: $Type,)*
        }

        const _: () = {
            use $crate::codec::declare::expansion::*;

            impl Record for $Record {
                const ARITY: usize = 0 $(+ form!(ARITY, $Type $(as $Form)?))*;

                #[inline]
                fn write_fields(&self, sink: &mut impl Sink) {
                    $(form!(write, $Type $(as $Form)?)(&self.$field, sink, $names);)*
                }

                #[inline]
                fn read_fields<'a>(source: &mut impl Source<'a>) -> Result<Self, DecodeError> {
                    Ok(Self { $($field: form!(read, $Type $(as $Form)?)(source, $names)?,)* })
                }

                fn describe() -> Vec<FieldRow> {
                    [$(form!(describe, $Type $(as $Form)?)($names, concat!($($meaning),+).trim_ascii()),)*].concat()
                }
            }
        };
    };
}

/// Declares a record that stands in a message as an array; errors call one by its name.
macro_rules! row {
    ($(#[$attr:meta])* pub struct $Row:ident = $row_name:literal { $($fields:tt)* }) => {
        $crate::codec::declare::record! { $(#[$attr])* pub struct $Row { $($fields)* } }
        $crate::codec::declare::row_of! { $Row = $row_name }
    };
}

/// Makes a record a row.
macro_rules! row_of {
    ($Row:ident = $row_name:literal) => {
        const _: () = {
            use $crate::codec::declare::expansion::*;

            impl Row for $Row {
                const NAME: &'static str = $row_name;
            }

            impl Field for $Row {
                #[inline]
                fn write(&self, sink: &mut impl Sink, name: &'static str) {
                    sink.open_list(name, Self::ARITY);
                    self.write_fields(sink);
                    sink.close();
                }

                #[inline]
                fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Self, DecodeError> {
                    source.open_row(name, Self::ARITY)?;
                    let row = Self::read_fields(source)?;
                    source.close()?;
                    Ok(row)
                }

                fn shape() -> Shape {
                    Shape::Row(RowTable { name: $row_name, fields: Self::describe() })
                }
            }
        };
    };
}

/// Declares all that one side may say: of each message the number in MessagePack, the name in JSON, and its fields, or
/// the record that holds them. Numbers rise.
macro_rules! messages {
    (
        $(#[$attr:meta])*
        pub enum $Messages:ident {
            $($number:literal $name:literal = $Variant:ident
                $(($record:ident: $Record:ident $(in $Holder:ident)?))?
                $({ $($(#[doc = $meaning:literal])+ $field:ident $names:tt: $Type:ty $(as $Form:ty)?,)* })?,
            )+
        }
    ) => {
        $(#[$attr])*
        pub enum $Messages {
            $($Variant
                $(($crate::codec::declare::held!($Record $(in $Holder)?)))?
                $({ $($(#[doc = $meaning])+ $field: $Type,)* })?,
            )+
        }

        const _: () = {
            use $crate::codec::declare::expansion::*;

            impl Message for $Messages {
                const KINDS: &'static Kinds = &Kinds {
                    list: &[$(Kind {
                        number: $number,
                        name: $name,
                        fields: 0
                            $(+ <$Record as Record>::ARITY)?
                            $($(+ form!(ARITY, $Type $(as $Form)?))*)?,
                    },)+],
                    names: joined!($($name)+),
                };

                #[inline]
                fn write(&self, sink: &mut impl Sink) {
                    match self {
                        $(Self::$Variant $(($record))? $({ $($field,)* })? => {
                            sink.open_message(const { Kind::of(Self::KINDS.list, $number) });
                            $(
                                let record: &$Record = $record;
                                record.write_fields(sink);
                            )?
                            $($(form!(write, $Type $(as $Form)?)($field, sink, $names);)*)?
                        })+
                    }
                    sink.close();
                }

                #[inline]
                fn read<'a>(source: &mut impl Source<'a>) -> Result<Self, DecodeError> {
                    let message = match source.open_message(Self::KINDS)?.number {
                        $($number => Self::$Variant
                            $((<$Record as Record>::read_fields(source)?.into()))?
                            $({ $($field: form!(read, $Type $(as $Form)?)(source, $names)?,)* })?,)+
                        number => return Err(Self::KINDS.unknown(number.into())),
                    };
                    source.close()?;
                    Ok(message)
                }

                fn describe() -> Vec<MessageTable> {
                    vec![$(MessageTable {
                        kind: Kind::of(Self::KINDS.list, $number),
                        fields: <[Vec<FieldRow>]>::concat(&[
                            $(<$Record as Record>::describe(),)?
                            $($(form!(describe, $Type $(as $Form)?)($names, concat!($($meaning),+).trim_ascii()),)*)?
                        ]),
                    },)+]
                }
            }

            $($(impl Sent for $Record {
                const KIND: Kind = Kind::of(<$Messages as Message>::KINDS.list, $number);
            })?)+
        };
    };
}

pub(crate) use {form, held, joined, messages, record, row, row_of};
