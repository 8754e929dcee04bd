//! Where the fields of a value lie in its canonical bytes.

use std::fmt::{Debug, Write};
use std::ops::Range;

use super::{Canon, CanonError, Reader};

/// Where the fields of a value lie in its canonical bytes, each told under its path.
pub struct Trail<'a> {
    path: Vec<&'static str>,
    /// Which item of its sequence each [`ITEM`] of the path is.
    indices: Vec<usize>,
    total: usize,
    visit: &'a mut dyn FnMut(Traced<'_>),
}

/// How a path names what a sequence holds.
pub const ITEM: &str = "item";

/// A field that has no fields of its own.
#[derive(Clone, Debug)]
pub struct Traced<'a> {
    pub path: &'a [&'static str],
    indices: &'a [usize],
    pub value: &'a dyn Debug,
    /// Of the bytes that were traced.
    pub range: Range<usize>,
    /// A length and as many bytes of text.
    pub is_text: bool,
}

impl Traced<'_> {
    /// Its path as it would be written in the source, such as `poses[8].at.x`.
    pub fn name(&self) -> String {
        let mut indices = self.indices.iter();
        let mut name = String::new();
        for part in self.path {
            let dot = if name.is_empty() { "" } else { "." };
            let told = match (*part == ITEM).then(|| indices.next()).flatten() {
                Some(index) => write!(name, "[{index}]"),
                None => write!(name, "{dot}{part}"),
            };
            told.expect("text can be written to a string");
        }
        name
    }
}

impl<'a> Trail<'a> {
    /// Tells every field of the `T` in `bytes`.
    ///
    /// # Errors
    /// When the bytes are no `T`, or more than one.
    pub fn of<T: Canon>(bytes: &[u8], visit: &'a mut dyn FnMut(Traced<'_>)) -> Result<(), CanonError> {
        let mut reader = Reader::new(bytes);
        let (path, indices) = (Vec::new(), Vec::new());
        T::trace(&mut reader, &mut Self { path, indices, total: bytes.len(), visit })?;
        reader.finish()
    }

    pub(super) fn leaf<T: Canon>(
        &mut self,
        reader: &mut Reader<'_>,
        is_text: bool,
    ) -> Result<(), CanonError> {
        let start = self.total - reader.remaining();
        let value = &T::take(reader)?;
        let range = start..self.total - reader.remaining();
        (self.visit)(Traced { path: &self.path, indices: &self.indices, value, range, is_text });
        Ok(())
    }

    /// A number before what it counts or tells apart.
    ///
    /// # Errors
    /// As [`Canon::take`].
    pub fn number<T: Canon + Copy>(
        &mut self,
        name: &'static str,
        reader: &mut Reader<'_>,
    ) -> Result<T, CanonError> {
        let number = T::take(&mut Reader::new(reader.rest))?;
        self.path.push(name);
        let told = self.leaf::<T>(reader, false);
        self.path.pop();
        told.map(|()| number)
    }

    /// A field of an `S` under its name; what has none of its own is told as what holds it. `_of` is never called: it
    /// says which type the field has.
    ///
    /// # Errors
    /// As [`Canon::take`].
    pub fn field<S, T: Canon>(
        &mut self,
        name: &'static str,
        reader: &mut Reader<'_>,
        _of: fn(&S) -> Option<&T>,
    ) -> Result<(), CanonError> {
        if name.is_empty() {
            return T::trace(reader, self);
        }
        self.path.push(name);
        let told = T::trace(reader, self);
        self.path.pop();
        told
    }

    pub(super) fn items<T: Canon>(
        &mut self,
        count: usize,
        reader: &mut Reader<'_>,
    ) -> Result<(), CanonError> {
        self.path.push(ITEM);
        let told = (0..count).try_for_each(|index| {
            self.indices.push(index);
            let told = T::trace(reader, self);
            self.indices.pop();
            told
        });
        self.path.pop();
        told
    }
}
