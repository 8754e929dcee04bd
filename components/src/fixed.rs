//! Canonical bytes of values of fixed width, in one piece.

/// Bytes gathered on the stack: what is hashed for every body at every tick is appended as one piece.
#[derive(Debug)]
pub struct Block {
    bytes: [u8; Self::BYTES_MAX],
    len: usize,
}

impl Block {
    /// The longest row of fields of fixed width that any component has, rounded up.
    const BYTES_MAX: usize = 64;

    #[inline(always)]
    pub fn empty() -> Self {
        Self { bytes: [0; Self::BYTES_MAX], len: 0 }
    }

    #[inline(always)]
    fn push<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes[self.len..self.len + N].copy_from_slice(&bytes);
        self.len += N;
    }

    #[inline(always)]
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes[..self.len]);
    }
}

/// A value of fixed width; laid into a block it has its canonical form.
pub trait Fixed {
    fn lay(&self, block: &mut Block);
}

macro_rules! fixed_integer {
    ($($int:ty),+) => {$(
        impl Fixed for $int {
            #[inline(always)]
            fn lay(&self, block: &mut Block) {
                block.push(self.to_le_bytes());
            }
        }
    )+};
}
fixed_integer!(u8, u16, i16, u32, i32, u64, i64);

impl Fixed for bool {
    #[inline(always)]
    fn lay(&self, block: &mut Block) {
        block.push([u8::from(*self)]);
    }
}

/// As `canon_struct`, for a struct that is hashed often: its fields of fixed width in one piece, then the others.
#[macro_export]
macro_rules! canon_block {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::fixed::Fixed for $name {
            #[inline(always)]
            fn lay(&self, block: &mut $crate::fixed::Block) {
                $($crate::fixed::Fixed::lay(&self.$field, block);)+
            }
        }
        $crate::canon_block!($name { $($field),+ } then {});
    };
    ($name:ident { $($field:ident),+ $(,)? } then { $($other:ident),* $(,)? }) => {
        impl $crate::canon::Canon for $name {
            fn put(&self, out: &mut Vec<u8>) {
                let mut block = $crate::fixed::Block::empty();
                $($crate::fixed::Fixed::lay(&self.$field, &mut block);)+
                block.put(out);
                $($crate::canon::Canon::put(&self.$other, out);)*
            }

            fn take(
                reader: &mut $crate::canon::Reader<'_>,
            ) -> Result<Self, $crate::canon::CanonError> {
                $(let $field = $crate::canon::Canon::take(reader)?;)+
                $(let $other = $crate::canon::Canon::take(reader)?;)*
                Ok(Self { $($field,)+ $($other),* })
            }

            fn trace(
                reader: &mut $crate::canon::Reader<'_>,
                trail: &mut $crate::canon::Trail<'_>,
            ) -> Result<(), $crate::canon::CanonError> {
                $(trail.field(stringify!($field), reader, |value: &Self| Some(&value.$field))?;)+
                $(trail.field(stringify!($other), reader, |value: &Self| Some(&value.$other))?;)*
                Ok(())
            }
        }
    };
}

/// Gives a newtype the canonical form of what it wraps; of fixed width, when that is.
#[macro_export]
macro_rules! canon_fixed_newtype {
    ($($name:ident),+ $(,)?) => {$(
        $crate::canon_newtype!($name);

        impl $crate::fixed::Fixed for $name {
            #[inline(always)]
            fn lay(&self, block: &mut $crate::fixed::Block) {
                $crate::fixed::Fixed::lay(&self.0, block);
            }
        }
    )+};
}
