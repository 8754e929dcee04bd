//! Encoded messages, made once per encoding and shared.

use bytes::{Bytes, BytesMut};
use combat_protocol::codec::Encoding;

/// What a block of shared bytes holds before a new one is made: some hundred frames.
const BLOCK_BYTES: usize = 32 << 10;

/// Hands out encoded messages as slices of larger blocks, so that most cost no allocation.
#[derive(Debug, Default)]
pub struct Encoder {
    scratch: Vec<u8>,
    block: BytesMut,
}

impl Encoder {
    /// Encodes by `write` and shares what it wrote.
    pub fn share(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
        self.scratch.clear();
        write(&mut self.scratch);
        if self.block.capacity() < self.scratch.len() {
            self.block.reserve(BLOCK_BYTES.max(self.scratch.len()));
        }
        self.block.extend_from_slice(&self.scratch);
        self.block.split().freeze()
    }
}

/// One message in each encoding, made when it is first wanted.
#[derive(Clone, Debug, Default)]
pub struct PerEncoding([Option<Bytes>; 2]);

impl PerEncoding {
    pub fn get_or(&mut self, encoding: Encoding, make: impl FnOnce() -> Bytes) -> Bytes {
        let at = match encoding {
            Encoding::MessagePack => 0,
            Encoding::Json => 1,
        };
        self.0[at].get_or_insert_with(make).clone()
    }
}
