//! Canonical bytes: the one binary form that hashes, keyframes and logs share.
//!
//! Integers are little-endian and of fixed width; a sequence is its length as `u32` and then its items.

use std::fmt::Debug;

use thiserror::Error;

mod trail;

pub use trail::{ITEM, Traced, Trail};

/// Why canonical bytes could not be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CanonError {
    #[error("ended early: {wanted} more bytes expected")]
    Truncated { wanted: usize },
    #[error("{what} out of range")]
    OutOfRange { what: &'static str },
    #[error("{count} trailing bytes")]
    Trailing { count: usize },
}

/// Reads canonical bytes from the front of a slice.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// # Errors
    /// `Truncated` when fewer than `count` bytes are left.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], CanonError> {
        match self.rest.split_at_checked(count) {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(head)
            }
            None => Err(CanonError::Truncated { wanted: count - self.rest.len() }),
        }
    }

    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// # Errors
    /// `Trailing` when bytes are left.
    pub fn finish(self) -> Result<(), CanonError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(CanonError::Trailing { count }),
        }
    }
}

/// A value with exactly one canonical form.
pub trait Canon: Sized + Debug {
    fn put(&self, out: &mut Vec<u8>);

    /// # Errors
    /// When the bytes end early or hold a value outside its range.
    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError>;

    /// Reads a value as [`Canon::take`] does and tells `trail` where each of its fields lies.
    ///
    /// # Errors
    /// As [`Canon::take`].
    fn trace(reader: &mut Reader<'_>, trail: &mut Trail<'_>) -> Result<(), CanonError> {
        trail.leaf::<Self>(reader, false)
    }
}

macro_rules! canon_integer {
    ($($int:ty),+) => {$(
        impl Canon for $int {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
                let bytes = reader.bytes(size_of::<$int>())?;
                Ok(<$int>::from_le_bytes(bytes.try_into().expect("the reader returned the width asked for")))
            }
        }
    )+};
}
canon_integer!(u8, i8, u16, i16, u32, i32, u64, i64);

impl Canon for bool {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        match u8::take(reader)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CanonError::OutOfRange { what: "bool" }),
        }
    }
}

impl<T: Canon> Canon for Option<T> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        Ok(if bool::take(reader)? { Some(T::take(reader)?) } else { None })
    }

    fn trace(reader: &mut Reader<'_>, trail: &mut Trail<'_>) -> Result<(), CanonError> {
        let is_some = trail.number::<bool>("is_some", reader)?;
        if is_some { T::trace(reader, trail) } else { Ok(()) }
    }
}

impl<T: Canon, const N: usize> Canon for arrayvec::ArrayVec<T, N> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        let count = u32::take(reader)? as usize;
        if count > N {
            return Err(CanonError::OutOfRange { what: "sequence length" });
        }
        let mut items = Self::new();
        for _ in 0..count {
            items.push(T::take(reader)?);
        }
        Ok(items)
    }

    fn trace(reader: &mut Reader<'_>, trail: &mut Trail<'_>) -> Result<(), CanonError> {
        let count = trail.number::<u32>("count", reader)? as usize;
        if count > N {
            return Err(CanonError::OutOfRange { what: "sequence length" });
        }
        trail.items::<T>(count, reader)
    }
}

/// As many items as there are, without a length.
impl<T: Canon, const N: usize> Canon for [T; N] {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        let mut items = arrayvec::ArrayVec::<T, N>::new();
        for _ in 0..N {
            items.push(T::take(reader)?);
        }
        Ok(items.into_inner().expect("as many were read"))
    }

    fn trace(reader: &mut Reader<'_>, trail: &mut Trail<'_>) -> Result<(), CanonError> {
        trail.items::<T>(N, reader)
    }
}

impl<T: Canon> Canon for Vec<T> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        let count = u32::take(reader)? as usize;
        // Every item takes at least one byte, so a forged length cannot reserve more than was sent.
        let mut items = Self::with_capacity(count.min(reader.remaining()));
        for _ in 0..count {
            items.push(T::take(reader)?);
        }
        Ok(items)
    }

    fn trace(reader: &mut Reader<'_>, trail: &mut Trail<'_>) -> Result<(), CanonError> {
        let count = trail.number::<u32>("count", reader)? as usize;
        trail.items::<T>(count, reader)
    }
}

impl Canon for String {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        let length = u32::take(reader)? as usize;
        let bytes = reader.bytes(length)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| CanonError::OutOfRange { what: "text" })
    }

    fn trace(reader: &mut Reader<'_>, trail: &mut Trail<'_>) -> Result<(), CanonError> {
        trail.leaf::<Self>(reader, true)
    }
}

/// Gives a struct its canonical form: its fields in the order listed.
#[macro_export]
macro_rules! canon_struct {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::canon::Canon for $name {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                $($crate::canon::Canon::put(&self.$field, out);)*
            }

            fn take(
                reader: &mut $crate::canon::Reader<'_>,
            ) -> Result<Self, $crate::canon::CanonError> {
                $(let $field = $crate::canon::Canon::take(reader)?;)*
                Ok(Self { $($field),* })
            }

            fn trace(
                reader: &mut $crate::canon::Reader<'_>,
                trail: &mut $crate::canon::Trail<'_>,
            ) -> Result<(), $crate::canon::CanonError> {
                $(trail.field(stringify!($field), reader, |value: &Self| Some(&value.$field))?;)*
                Ok(())
            }
        }
    };
}

/// Gives a newtype the canonical form of what it wraps.
#[macro_export]
macro_rules! canon_newtype {
    ($($name:ident),+ $(,)?) => {$(
        impl $crate::canon::Canon for $name {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                $crate::canon::Canon::put(&self.0, out);
            }

            fn take(
                reader: &mut $crate::canon::Reader<'_>,
            ) -> Result<Self, $crate::canon::CanonError> {
                Ok(Self($crate::canon::Canon::take(reader)?))
            }

            fn trace(
                reader: &mut $crate::canon::Reader<'_>,
                trail: &mut $crate::canon::Trail<'_>,
            ) -> Result<(), $crate::canon::CanonError> {
                trail.field("", reader, |value: &Self| Some(&value.0))
            }
        }
    )+};
}

/// Gives an enum of unit and struct variants its canonical form: the number of the variant, then its fields.
#[macro_export]
macro_rules! canon_enum {
    ($name:ident { $($number:literal => $variant:ident $({ $($field:ident),* $(,)? })?),+ $(,)? }) => {
        impl $crate::canon::Canon for $name {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $({ $($field),* })? => {
                        out.push($number);
                        $($($crate::canon::Canon::put($field, out);)*)?
                    })+
                }
            }

            fn take(
                reader: &mut $crate::canon::Reader<'_>,
            ) -> Result<Self, $crate::canon::CanonError> {
                match <u8 as $crate::canon::Canon>::take(reader)? {
                    $($number => {
                        $($(let $field = $crate::canon::Canon::take(reader)?;)*)?
                        Ok(Self::$variant $({ $($field),* })?)
                    })+
                    _ => Err($crate::canon::CanonError::OutOfRange { what: stringify!($name) }),
                }
            }

            fn trace(
                reader: &mut $crate::canon::Reader<'_>,
                trail: &mut $crate::canon::Trail<'_>,
            ) -> Result<(), $crate::canon::CanonError> {
                match trail.number::<u8>("kind", reader)? {
                    $($number => {
                        $($(trail.field(stringify!($field), reader, |value: &Self| match value {
                            Self::$variant { $field, .. } => Some($field),
                            #[allow(unreachable_patterns, reason = "an enum may have one variant only")]
                            _ => None,
                        })?;)*)?
                        Ok(())
                    })+
                    _ => Err($crate::canon::CanonError::OutOfRange { what: stringify!($name) }),
                }
            }
        }
    };
}
