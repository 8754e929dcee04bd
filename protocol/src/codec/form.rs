//! How a field stands in a message where its type does not say it: `as List<4>` in a declaration.

use arrayvec::ArrayVec;

use super::describe::{Enumeration, FieldRow, Shape};
use super::error::{DecodeError, excerpt};
use super::field::{Field, Row};
use super::message::{Record, Sent};
use super::sink::Sink;
use super::source::Source;
use crate::limits::TEXT_BYTES_MAX;
use crate::numbers::Worded;

pub(crate) trait Form<T> {
    /// What a declaration names: the field; of a list the field and one of its items; of several fields each.
    type Names;
    /// How many items it takes.
    const ARITY: usize;

    fn write(value: &T, sink: &mut impl Sink, names: Self::Names);
    fn read<'a>(source: &mut impl Source<'a>, names: Self::Names) -> Result<T, DecodeError>;
    fn describe(names: Self::Names, meaning: &'static str) -> Vec<FieldRow>;
}

/// One item, as its type says: what a field is that names no form.
pub(crate) struct Plain;

/// A list of at most `MAX` values.
pub(crate) struct List<const MAX: usize>;

/// A list of at most `MAX` rows.
pub(crate) struct Rows<const MAX: usize>;

/// A list of rows of which the newest `MAX` are written.
pub(crate) struct NewestRows<const MAX: usize>;

/// A text that is cut to `MAX` bytes when it is written.
pub(crate) struct Cut<const MAX: usize>;

/// A text that stands for one of a few values.
pub(crate) struct Word;

/// A message inside a message: fields by name where the encoding has names.
pub(crate) struct Part;

/// Several fields among those around them.
pub(crate) struct Spread;

impl<T: Field> Form<T> for Plain {
    type Names = &'static str;
    const ARITY: usize = 1;

    #[inline]
    fn write(value: &T, sink: &mut impl Sink, name: &'static str) {
        value.write(sink, name);
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<T, DecodeError> {
        T::read(source, name)
    }

    fn describe(name: &'static str, meaning: &'static str) -> Vec<FieldRow> {
        vec![FieldRow { name, shape: T::shape(), meaning }]
    }
}

#[inline]
fn write_list<T: Field>(sink: &mut impl Sink, name: &'static str, items: &[T], item_name: &'static str) {
    sink.open_list(name, items.len());
    items.iter().for_each(|item| item.write(sink, item_name));
    sink.close();
}

/// `keep` has room for `max` items.
#[inline]
fn read_list<'a, T: Field>(
    source: &mut impl Source<'a>,
    (name, item_name): (&'static str, &'static str),
    max: usize,
    mut keep: impl FnMut(T),
) -> Result<(), DecodeError> {
    for _ in 0..source.open_list(name, max)? {
        keep(T::read(source, item_name)?);
    }
    source.close()
}

fn list_row<T: Field>(name: &'static str, meaning: &'static str, max: usize) -> Vec<FieldRow> {
    vec![FieldRow { name, shape: Shape::List { of: Box::new(T::shape()), max }, meaning }]
}

impl<T: Field, const MAX: usize> Form<Vec<T>> for List<MAX> {
    type Names = (&'static str, &'static str);
    const ARITY: usize = 1;

    #[inline]
    fn write(items: &Vec<T>, sink: &mut impl Sink, (name, item_name): Self::Names) {
        write_list(sink, name, items, item_name);
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, names: Self::Names) -> Result<Vec<T>, DecodeError> {
        let mut items = Vec::new();
        read_list(source, names, MAX, |item| items.push(item))?;
        Ok(items)
    }

    fn describe((name, _): Self::Names, meaning: &'static str) -> Vec<FieldRow> {
        list_row::<T>(name, meaning, MAX)
    }
}

impl<T: Field, const MAX: usize> Form<ArrayVec<T, MAX>> for List<MAX> {
    type Names = (&'static str, &'static str);
    const ARITY: usize = 1;

    #[inline]
    fn write(items: &ArrayVec<T, MAX>, sink: &mut impl Sink, (name, item_name): Self::Names) {
        write_list(sink, name, items, item_name);
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, names: Self::Names) -> Result<ArrayVec<T, MAX>, DecodeError> {
        let mut items = ArrayVec::new();
        read_list(source, names, MAX, |item| items.push(item))?;
        Ok(items)
    }

    fn describe((name, _): Self::Names, meaning: &'static str) -> Vec<FieldRow> {
        list_row::<T>(name, meaning, MAX)
    }
}

impl<T: Row, const MAX: usize> Form<Vec<T>> for Rows<MAX> {
    type Names = &'static str;
    const ARITY: usize = 1;

    #[inline]
    fn write(items: &Vec<T>, sink: &mut impl Sink, name: &'static str) {
        write_list(sink, name, items, T::NAME);
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Vec<T>, DecodeError> {
        List::<MAX>::read(source, (name, T::NAME))
    }

    fn describe(name: &'static str, meaning: &'static str) -> Vec<FieldRow> {
        list_row::<T>(name, meaning, MAX)
    }
}

impl<T: Row, const MAX: usize> Form<Option<Vec<T>>> for Rows<MAX> {
    type Names = &'static str;
    const ARITY: usize = 1;

    #[inline]
    fn write(items: &Option<Vec<T>>, sink: &mut impl Sink, name: &'static str) {
        match items {
            Some(items) => Self::write(items, sink, name),
            None => sink.nil(name),
        }
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Option<Vec<T>>, DecodeError> {
        if source.nil(name)? { Ok(None) } else { Self::read(source, name).map(Some) }
    }

    fn describe(name: &'static str, meaning: &'static str) -> Vec<FieldRow> {
        let list = Shape::List { of: Box::new(T::shape()), max: MAX };
        vec![FieldRow { name, shape: Shape::Optional(Box::new(list)), meaning }]
    }
}

impl<T: Row, const MAX: usize> Form<Vec<T>> for NewestRows<MAX> {
    type Names = &'static str;
    const ARITY: usize = 1;

    #[inline]
    fn write(items: &Vec<T>, sink: &mut impl Sink, name: &'static str) {
        write_list(sink, name, &items[items.len().saturating_sub(MAX)..], T::NAME);
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Vec<T>, DecodeError> {
        Rows::<MAX>::read(source, name)
    }

    fn describe(name: &'static str, meaning: &'static str) -> Vec<FieldRow> {
        list_row::<T>(name, meaning, MAX)
    }
}

impl<const MAX: usize> Form<String> for Cut<MAX> {
    type Names = &'static str;
    const ARITY: usize = 1;

    fn write(text: &String, sink: &mut impl Sink, name: &'static str) {
        sink.text(name, &text[..text.floor_char_boundary(MAX)]);
    }

    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<String, DecodeError> {
        source.text(name, MAX).map(str::to_owned)
    }

    fn describe(name: &'static str, meaning: &'static str) -> Vec<FieldRow> {
        vec![FieldRow { name, shape: Shape::Text { bytes_max: MAX }, meaning }]
    }
}

impl<T: Worded> Form<T> for Word {
    type Names = &'static str;
    const ARITY: usize = 1;

    fn write(value: &T, sink: &mut impl Sink, name: &'static str) {
        sink.text(name, value.word());
    }

    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<T, DecodeError> {
        let word = source.text(name, TEXT_BYTES_MAX)?;
        T::from_word(word).ok_or_else(|| DecodeError::UnknownWord {
            what: name,
            found: excerpt(word),
            expected: T::WORDS,
        })
    }

    fn describe(name: &'static str, meaning: &'static str) -> Vec<FieldRow> {
        vec![FieldRow { name, shape: Shape::Word(Enumeration::of::<T>()), meaning }]
    }
}

impl<T: Sent> Form<T> for Part {
    type Names = &'static str;
    const ARITY: usize = 1;

    fn write(part: &T, sink: &mut impl Sink, name: &'static str) {
        sink.open_part(name, T::ARITY);
        part.write_fields(sink);
        sink.close();
    }

    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<T, DecodeError> {
        source.open_part(name, T::ARITY)?;
        let part = T::read_fields(source)?;
        source.close()?;
        Ok(part)
    }

    fn describe(name: &'static str, meaning: &'static str) -> Vec<FieldRow> {
        vec![FieldRow { name, shape: Shape::Part(T::KIND.name), meaning }]
    }
}

impl<T: Sent> Form<Option<T>> for Part {
    type Names = &'static str;
    const ARITY: usize = 1;

    fn write(part: &Option<T>, sink: &mut impl Sink, name: &'static str) {
        match part {
            Some(part) => Self::write(part, sink, name),
            None => sink.nil(name),
        }
    }

    fn read<'a>(source: &mut impl Source<'a>, name: &'static str) -> Result<Option<T>, DecodeError> {
        if source.nil(name)? { Ok(None) } else { Self::read(source, name).map(Some) }
    }

    fn describe(name: &'static str, meaning: &'static str) -> Vec<FieldRow> {
        vec![FieldRow { name, shape: Shape::Optional(Box::new(Shape::Part(T::KIND.name))), meaning }]
    }
}

impl<T: Record> Form<T> for Spread {
    type Names = ();
    const ARITY: usize = T::ARITY;

    #[inline]
    fn write(record: &T, sink: &mut impl Sink, (): ()) {
        record.write_fields(sink);
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, (): ()) -> Result<T, DecodeError> {
        T::read_fields(source)
    }

    fn describe((): (), _meaning: &'static str) -> Vec<FieldRow> {
        T::describe()
    }
}

impl Form<[i32; 3]> for Spread {
    type Names = [&'static str; 3];
    const ARITY: usize = 3;

    #[inline]
    fn write(values: &[i32; 3], sink: &mut impl Sink, names: Self::Names) {
        values.iter().zip(names).for_each(|(value, name)| value.write(sink, name));
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, [x, y, z]: Self::Names) -> Result<[i32; 3], DecodeError> {
        Ok([i32::read(source, x)?, i32::read(source, y)?, i32::read(source, z)?])
    }

    fn describe(names: Self::Names, meaning: &'static str) -> Vec<FieldRow> {
        names.map(|name| FieldRow { name, shape: i32::shape(), meaning }).to_vec()
    }
}
