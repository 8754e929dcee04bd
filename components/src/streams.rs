//! Seeded randomness: one stream per consumer, held as state, so that one more draw cannot shift another's.

use bevy_ecs::resource::Resource;

use crate::{canon_newtype, canon_struct};

/// A SplitMix64 generator (Steele, Lea and Flood 2014).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(u64);
canon_newtype!(Stream);

impl Stream {
    const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

    /// The stream of `consumer` under `seed`.
    pub fn of(seed: u64, consumer: u64) -> Self {
        let mut mixer = Self(seed ^ consumer.wrapping_mul(Self::GOLDEN_GAMMA));
        Self(mixer.draw())
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::GOLDEN_GAMMA);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.draw() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A number in `−spread ..= spread`, with a triangular density.
    pub fn triangular(&mut self, spread: u16) -> i32 {
        let side = u32::from(spread) + 1;
        self.below(side) as i32 - self.below(side) as i32
    }
}

/// Every stream of a session.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    pub spread: Stream,
    pub spawns: Stream,
    /// Which of several bodies at one distance a shot strikes.
    pub ties: Stream,
}
canon_struct!(Streams { spread, spawns, ties });

impl Streams {
    pub fn seeded(seed: u64) -> Self {
        Self { spread: Stream::of(seed, 1), spawns: Stream::of(seed, 2), ties: Stream::of(seed, 4) }
    }
}
