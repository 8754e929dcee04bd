//! One player's changed fields: a row as long as its mask says.

use crate::codec::describe::{RowTable, Shape};
use crate::codec::error::DecodeError;
use crate::codec::field::{Field, Row};
use crate::codec::message::Record;
use crate::codec::sink::Sink;
use crate::codec::source::Source;
use crate::view::{FULL_MASK, PLAYER_FIELDS, PublicPlayer, read_values};

/// One player's changed fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayerChange {
    pub sim_id: u32,
    /// Which of the fields of [`PublicPlayer::values`] follow.
    pub mask: u16,
    /// The fields named by `mask`; the others are 0.
    pub values: [i32; PLAYER_FIELDS],
}

impl Field for PlayerChange {
    #[inline]
    fn write(&self, sink: &mut impl Sink, name: &'static str) {
        let mask = self.mask & FULL_MASK;
        sink.open_list(name, 2 + mask.count_ones() as usize);
        sink.integer("simId", self.sim_id.into());
        sink.integer("mask", mask.into());
        for (bit, value) in self.values.into_iter().enumerate() {
            if mask & (1 << bit) != 0 {
                sink.integer("", value.into());
            }
        }
        sink.close();
    }

    #[inline]
    fn read<'a>(source: &mut impl Source<'a>, what: &'static str) -> Result<Self, DecodeError> {
        let found = source.open_list(what, 2 + PLAYER_FIELDS)?;
        if found < 3 {
            return Err(DecodeError::WrongArity { what, found, expected: 3 });
        }
        let sim_id = u32::read(source, "simId")?;
        let mask = source.integer("mask", 1, FULL_MASK.into())? as u16;
        let expected = 2 + mask.count_ones() as usize;
        if found != expected {
            return Err(DecodeError::WrongArity { what, found, expected });
        }
        let values = read_values(source, mask)?;
        source.close()?;
        Ok(Self { sim_id, mask, values })
    }

    fn shape() -> Shape {
        Shape::Changed(RowTable { name: PublicPlayer::NAME, fields: PublicPlayer::describe() })
    }
}

impl Row for PlayerChange {
    const NAME: &'static str = "change";
}
