//! WebSocket frames as a client reads and writes them (RFC 6455), without copying what was read.
//!
//! A generator with a thousand sockets on one thread cannot afford a library's buffers per message.

use combat_protocol::limits::SERVER_MESSAGE_BYTES_MAX;
use thiserror::Error;

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
const RESERVED: u8 = 0x70;

/// A length that does not fit the header's seven bits: in two more bytes, or in eight.
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What a frame of the server carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    Message(&'a [u8]),
    Ping(&'a [u8]),
    Pong,
    /// The close code, if there was one.
    Close(Option<u16>),
}

/// What a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Message,
    Pong,
    Close,
}

/// Why bytes are not frames of this server.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    #[error("a frame with opcode {0} or reserved bits, expected text, binary or control")]
    Kind(u8),
    #[error("a fragmented message, expected whole ones")]
    Fragment,
    #[error("a masked frame, expected a server's")]
    Masked,
    #[error("a frame of {0} bytes, expected at most {SERVER_MESSAGE_BYTES_MAX}")]
    TooLong(u64),
}

/// The first frame of `bytes` and how many bytes it takes; `None` when more bytes are needed.
///
/// # Errors
/// When no server of this protocol sends such a frame.
pub fn first(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, FrameError> {
    let Some((&[head, length], _)) = bytes.split_first_chunk::<2>() else { return Ok(None) };
    if head & RESERVED != 0 {
        return Err(FrameError::Kind(head));
    }
    if head & FINAL == 0 {
        return Err(FrameError::Fragment);
    }
    if length & MASKED != 0 {
        return Err(FrameError::Masked);
    }
    let (length, header) = match length {
        LENGTH_16 => match bytes[2..].first_chunk() {
            Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        LENGTH_64 => match bytes[2..].first_chunk() {
            Some(length) => (u64::from_be_bytes(*length), 10),
            None => return Ok(None),
        },
        length => (u64::from(length), 2),
    };
    if length > SERVER_MESSAGE_BYTES_MAX as u64 {
        return Err(FrameError::TooLong(length));
    }
    let end = header + length as usize;
    let Some(payload) = bytes.get(header..end) else { return Ok(None) };
    let frame = match head & !FINAL {
        TEXT | BINARY => Frame::Message(payload),
        PING => Frame::Ping(payload),
        PONG => Frame::Pong,
        CLOSE => Frame::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
        other => return Err(FrameError::Kind(other)),
    };
    Ok(Some((frame, end)))
}

/// Appends a frame with `payload`, masked as clients must.
pub fn write(kind: Kind, payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    let opcode = match kind {
        Kind::Message => BINARY,
        Kind::Pong => PONG,
        Kind::Close => CLOSE,
    };
    out.push(FINAL | opcode);
    match payload.len() {
        length @ 0..126 => out.push(MASKED | length as u8),
        length @ 126..=0xFFFF => {
            out.push(MASKED | LENGTH_16);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(MASKED | LENGTH_64);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_are_read_once_they_are_whole() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let mut bytes = vec![FINAL | BINARY];
            match length {
                0..126 => bytes.push(length as u8),
                126..=65_535 => bytes.extend([LENGTH_16, (length >> 8) as u8, length as u8]),
                _ => {
                    bytes.push(LENGTH_64);
                    bytes.extend((length as u64).to_be_bytes());
                }
            }
            let payload: Vec<u8> = (0..length).map(|at| at as u8).collect();
            bytes.extend(&payload);
            assert_eq!(first(&bytes[..bytes.len() - 1]), Ok(None), "{length}");
            bytes.push(0x55);
            assert_eq!(first(&bytes), Ok(Some((Frame::Message(&payload), bytes.len() - 1))), "{length}");
        }
    }

    #[test]
    fn control_frames_and_what_no_server_sends_are_told_apart() {
        assert_eq!(first(&[0x88, 2, 0x0F, 0xAB]), Ok(Some((Frame::Close(Some(4011)), 4))));
        assert_eq!(first(&[0x88, 0]), Ok(Some((Frame::Close(None), 2))));
        assert_eq!(first(&[0x89, 1, 7]), Ok(Some((Frame::Ping(&[7]), 3))));
        assert_eq!(first(&[0x02, 0]), Err(FrameError::Fragment));
        assert_eq!(first(&[0x82, 0x80]), Err(FrameError::Masked));
        assert_eq!(first(&[0x83, 0]), Err(FrameError::Kind(3)));
        assert_eq!(first(&[0xC2, 0]), Err(FrameError::Kind(0xC2)));
        let huge = [0x82, 127, 1, 0, 0, 0, 0, 0, 0, 0];
        assert!(matches!(first(&huge), Err(FrameError::TooLong(_))));
    }

    #[test]
    fn what_is_written_is_masked() {
        let mut out = Vec::new();
        write(Kind::Message, &[1, 2, 3, 4, 5], [0xF0, 0x0F, 0, 0xFF], &mut out);
        assert_eq!(out, [0x82, 0x85, 0xF0, 0x0F, 0, 0xFF, 0xF1, 0x0D, 3, 0xFB, 0xF5]);
        out.clear();
        write(Kind::Message, &[0; 126], [0; 4], &mut out);
        assert_eq!((out.len(), &out[..4]), (8 + 126, &[0x82, 0xFE, 0, 126][..]));
    }
}
