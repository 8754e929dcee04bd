//! Values that take one item: their type says how they are written, read and described.

use combat_components::ids::{DisplayName, PlayerId};
use combat_components::limits::{DISPLAY_NAME_BYTES_MAX, PLAYER_ID_BYTES_MAX};

use super::describe::{Enumeration, FieldRow, RowTable, Shape};
use super::error::{DecodeError, excerpt};
use super::sink::Sink;
use super::source::Source;
use crate::limits::TEXT_BYTES_MAX;
use crate::numbers::Numbered;

const PLAYER_ID_EXPECTED: &str = "1 to 64 characters of A-Z a-z 0-9 _ . : -";
const DISPLAY_NAME_EXPECTED: &str = "1 to 96 bytes without control characters";

pub(crate) trait Field: Sized {
    /// `name` is the field's; inside rows and lists it only serves errors.
    fn write(&self, sink: &mut impl Sink, name: &'static str);
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Self, DecodeError>;
    fn shape() -> Shape;
}

/// A field that is an array of fixed length, and what one is called.
pub(crate) trait Row: Field {
    const NAME: &'static str;
}

macro_rules! integers {
    ($($integer:ident)+) => {$(
        impl Field for $integer {
            #[inline]
            fn write(&self, sink: &mut impl Sink, name: &'static str) {
                sink.integer(name, (*self).into());
            }

            #[inline]
            fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Self, DecodeError> {
                Ok(source.integer(name, Self::MIN.into(), Self::MAX.into())? as Self)
            }

            fn shape() -> Shape {
                Shape::Integer { min: Self::MIN.into(), max: Self::MAX.into() }
            }
        }
    )+};
}
integers! { u8 u16 u32 i16 i32 }

impl Field for bool {
    #[inline]
    fn write(&self, sink: &mut impl Sink, name: &'static str) {
        sink.boolean(name, *self);
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Self, DecodeError> {
        source.boolean(name)
    }

    fn shape() -> Shape {
        Shape::Boolean
    }
}

impl<T: Numbered> Field for T {
    #[inline]
    fn write(&self, sink: &mut impl Sink, name: &'static str) {
        sink.integer(name, self.number().into());
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Self, DecodeError> {
        let number = u8::read(source, name)?;
        T::from_number(number).ok_or_else(|| {
            let max = T::TABLE.last().map_or(0, |row| row.0);
            DecodeError::OutOfRange { what: name, found: number.into(), min: 0, max: max.into() }
        })
    }

    fn shape() -> Shape {
        Shape::Number(Enumeration::of::<T>())
    }
}

impl<T: Field> Field for Option<T> {
    #[inline]
    fn write(&self, sink: &mut impl Sink, name: &'static str) {
        match self {
            Some(value) => value.write(sink, name),
            None => sink.nil(name),
        }
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Self, DecodeError> {
        if source.nil(name)? { Ok(None) } else { T::read(source, name).map(Some) }
    }

    fn shape() -> Shape {
        Shape::Optional(Box::new(T::shape()))
    }
}

/// A point in millimetres.
impl Field for [i32; 3] {
    #[inline]
    fn write(&self, sink: &mut impl Sink, name: &'static str) {
        sink.open_list(name, self.len());
        self.iter().for_each(|value| value.write(sink, name));
        sink.close();
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Self, DecodeError> {
        source.open_row(name, 3)?;
        let point = [i32::read(source, name)?, i32::read(source, name)?, i32::read(source, name)?];
        source.close()?;
        Ok(point)
    }

    fn shape() -> Shape {
        let axis = |name| FieldRow { name, shape: i32::shape(), meaning: "" };
        Shape::Row(RowTable { name: "point", fields: ["x", "y", "z"].map(axis).to_vec() })
    }
}

impl Field for String {
    #[inline]
    fn write(&self, sink: &mut impl Sink, name: &'static str) {
        sink.text(name, self);
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Self, DecodeError> {
        source.text(name, TEXT_BYTES_MAX).map(str::to_owned)
    }

    fn shape() -> Shape {
        Shape::Text { bytes_max: TEXT_BYTES_MAX }
    }
}

impl Field for PlayerId {
    #[inline]
    fn write(&self, sink: &mut impl Sink, name: &'static str) {
        sink.text(name, self.as_str());
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Self, DecodeError> {
        let text = source.text(name, PLAYER_ID_BYTES_MAX)?;
        Self::new(text).map_err(|_| DecodeError::UnknownWord {
            what: name,
            found: excerpt(text),
            expected: PLAYER_ID_EXPECTED,
        })
    }

    fn shape() -> Shape {
        Shape::Text { bytes_max: PLAYER_ID_BYTES_MAX }
    }
}

impl Field for DisplayName {
    #[inline]
    fn write(&self, sink: &mut impl Sink, name: &'static str) {
        sink.text(name, self.as_str());
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Self, DecodeError> {
        let text = source.text(name, DISPLAY_NAME_BYTES_MAX)?;
        Self::new(text).map_err(|_| DecodeError::UnknownWord {
            what: name,
            found: excerpt(text),
            expected: DISPLAY_NAME_EXPECTED,
        })
    }

    fn shape() -> Shape {
        Shape::Text { bytes_max: DISPLAY_NAME_BYTES_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_errors_expect_of_a_text_are_the_bounds_it_is_held_to() {
        for (expected, bytes_max) in
            [(PLAYER_ID_EXPECTED, PLAYER_ID_BYTES_MAX), (DISPLAY_NAME_EXPECTED, DISPLAY_NAME_BYTES_MAX)]
        {
            assert!(
                expected.starts_with(&format!("1 to {bytes_max} ")),
                "{expected}, but at most {bytes_max}"
            );
        }
    }
}
