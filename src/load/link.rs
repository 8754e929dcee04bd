//! A virtual player with its connection: bytes to frames to what it hears, and back.

use std::rc::Rc;

use combat_client::Counters;
use combat_components::streams::Stream;
use combat_protocol::limits::SERVER_MESSAGE_BYTES_MAX;
use tokio::net::TcpStream;

use super::figures::Figures;
use super::frames::{self, Frame, Kind};
use super::player::Player;

/// What may wait for a server that does not read; beyond, the connection is given up.
const UNSENT_BYTES_MAX: usize = 64 << 10;

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Broken,
    Closed(Option<u16>),
}

/// A player with its connection.
#[derive(Debug)]
pub struct Linked {
    pub player: Player,
    pub socket: Option<Rc<TcpStream>>,
    /// Of a frame that has not come whole.
    partial: Vec<u8>,
    unsent: Vec<u8>,
    pub upkeeps: u32,
    /// At the start of the measurement.
    pub baseline: Counters,
}

impl Linked {
    pub fn new(number: u32) -> Self {
        Self {
            player: Player::new(number),
            socket: None,
            partial: Vec::new(),
            unsent: Vec::new(),
            upkeeps: number,
            baseline: Counters::default(),
        }
    }

    /// A fresh connection: nothing of the one before is left.
    pub fn open(&mut self, socket: Rc<TcpStream>) {
        self.socket = Some(socket);
        self.partial.clear();
        self.unsent.clear();
    }

    /// Takes in what was read, frame by frame.
    pub fn hear(
        &mut self,
        read: &[u8],
        now: (u64, bool),
        figures: &mut Figures,
        masks: &mut Stream,
    ) -> Result<(), Ended> {
        let mut joined = std::mem::take(&mut self.partial);
        let mut bytes = read;
        if !joined.is_empty() {
            joined.extend_from_slice(read);
            bytes = &joined;
        }
        while let Some((frame, length)) = frames::first(bytes).map_err(|_| Ended::Broken)? {
            match frame {
                Frame::Message(message) => {
                    self.player.hear(message, now, figures).map_err(|_| Ended::Broken)?;
                }
                Frame::Ping(payload) => self.write(Kind::Pong, payload, masks.draw()),
                Frame::Pong => {}
                Frame::Close(code) => {
                    self.write(Kind::Close, &code.map_or([0; 2], u16::to_be_bytes), masks.draw());
                    return Err(Ended::Closed(code));
                }
            }
            bytes = &bytes[length..];
        }
        if bytes.len() > SERVER_MESSAGE_BYTES_MAX {
            return Err(Ended::Broken);
        }
        self.partial = bytes.to_vec();
        Ok(())
    }

    pub fn send(&mut self, message: &[u8], mask: u64) {
        if !message.is_empty() {
            self.write(Kind::Message, message, mask);
        }
    }

    /// What the kernel does not take now is tried again with the next write.
    fn write(&mut self, kind: Kind, payload: &[u8], mask: u64) {
        frames::write(kind, payload, (mask as u32).to_ne_bytes(), &mut self.unsent);
        let Some(socket) = &self.socket else { return };
        match socket.try_write(&self.unsent) {
            Ok(length) => drop(self.unsent.drain(..length)),
            Err(error)
                if error.kind() == std::io::ErrorKind::WouldBlock
                    && self.unsent.len() <= UNSENT_BYTES_MAX => {}
            // The reading side finds the broken connection and comes back.
            Err(_) => self.unsent.clear(),
        }
    }
}
