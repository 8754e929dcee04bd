//! One WebSocket over TCP: small buffers, two messages per write, a close that the peer hears.

use std::time::Duration;

use bytes::Bytes;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use combat_protocol::limits::{CLIENT_MESSAGE_BYTES_MAX, CLOSE_REASON_BYTES_MAX};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// The library zero-fills what is free of this with every read, so it is small: ten claims.
const READ_BUFFER_BYTES: usize = 1 << 10;

/// Above one frame's pair of messages, so that both leave with one write.
const WRITE_BUFFER_BYTES: usize = 16 << 10;

/// What may wait in user space for a slow peer; a welcome of 64 players is 12 KiB.
const WRITE_BUFFER_BYTES_MAX: usize = 320 << 10;

/// What the kernel may hold: about a second of frames.
const KERNEL_SEND_BYTES: usize = 32 << 10;

/// The kernel reports room only below this many unsent bytes, so that stale frames wait where they can be skipped.
const UNSENT_LOW_WATER_BYTES: libc::c_int = 8 << 10;

const TOO_LONG: &str = "a message is too long, expected at most 4096 bytes";

/// How long a peer is listened to after a Close, lest a reset swallow the code.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

const _: () = assert!(CLIENT_MESSAGE_BYTES_MAX == 4_096, "TOO_LONG names it");
const _: () = assert!(WRITE_BUFFER_BYTES < WRITE_BUFFER_BYTES_MAX);

/// What a peer sent.
#[derive(Debug)]
pub enum Incoming {
    Message(Bytes),
    Pong(Bytes),
    /// A ping or the like: a sign of life.
    Alive,
    Closed,
}

/// Why reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The connection is gone; nothing can be said to it.
    Gone,
    /// The peer broke the protocol: what was wrong and what was expected.
    Protocol(&'static str),
}

#[derive(Debug)]
pub struct SocketWriter {
    sink: SplitSink<WebSocketStream<TcpStream>, Message>,
    encoding: Encoding,
}

#[derive(Debug)]
pub struct SocketReader {
    stream: SplitStream<WebSocketStream<TcpStream>>,
    encoding: Encoding,
}

/// The answer to a client's `Sec-WebSocket-Key` (RFC 6455, 4.2.2).
pub fn accept_key(key: &[u8]) -> String {
    derive_accept_key(key)
}

/// Takes over a stream whose handshake is done.
pub async fn open(stream: TcpStream, read_buf: Bytes, encoding: Encoding) -> (SocketWriter, SocketReader) {
    limit_kernel_buffers(&stream);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(CLIENT_MESSAGE_BYTES_MAX))
        .max_frame_size(Some(CLIENT_MESSAGE_BYTES_MAX));
    let socket =
        WebSocketStream::from_partially_read(stream, read_buf.to_vec(), Role::Server, Some(config)).await;
    let (sink, stream) = socket.split();
    (SocketWriter { sink, encoding }, SocketReader { stream, encoding })
}

fn limit_kernel_buffers(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    // A kernel that refuses these only holds more of what is stale; the word of the client still bounds it.
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_send_buffer_size(KERNEL_SEND_BYTES);
    let _ = socket.set_tcp_notsent_lowat(UNSENT_LOW_WATER_BYTES as u32);
}

impl SocketWriter {
    /// Queues a message for the next [`Self::flush`].
    pub async fn feed(&mut self, bytes: Bytes) -> Result<(), ReadError> {
        let message = match self.encoding {
            Encoding::MessagePack => Message::Binary(bytes),
            Encoding::Json => {
                let text = Utf8Bytes::try_from(bytes).expect("the JSON encoder writes UTF-8");
                Message::Text(text)
            }
        };
        self.sink.feed(message).await.map_err(|_| ReadError::Gone)
    }

    pub async fn ping(&mut self, payload: [u8; 8]) -> Result<(), ReadError> {
        let ping = Message::Ping(Bytes::copy_from_slice(&payload));
        self.sink.send(ping).await.map_err(|_| ReadError::Gone)
    }

    pub async fn flush(&mut self) -> Result<(), ReadError> {
        self.sink.flush().await.map_err(|_| ReadError::Gone)
    }
}

impl SocketReader {
    pub async fn next(&mut self) -> Result<Incoming, ReadError> {
        match self.stream.next().await {
            None => Err(ReadError::Gone),
            Some(Err(Error::Capacity(_))) => Err(ReadError::Protocol(TOO_LONG)),
            Some(Err(Error::Utf8(_))) => Err(ReadError::Protocol("text is not UTF-8, expected UTF-8")),
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => Err(ReadError::Gone),
            Some(Err(Error::Protocol(_))) => {
                Err(ReadError::Protocol("a frame is malformed, expected RFC 6455"))
            }
            Some(Err(_)) => Err(ReadError::Gone),
            Some(Ok(Message::Binary(bytes))) if self.encoding == Encoding::MessagePack => {
                Ok(Incoming::Message(bytes))
            }
            Some(Ok(Message::Text(text))) if self.encoding == Encoding::Json => {
                Ok(Incoming::Message(text.into()))
            }
            Some(Ok(Message::Binary(_))) => {
                Err(ReadError::Protocol("a binary message, expected text: the encoding is JSON"))
            }
            Some(Ok(Message::Text(_))) => {
                Err(ReadError::Protocol("a text message, expected binary: the encoding is MessagePack"))
            }
            Some(Ok(Message::Pong(payload))) => Ok(Incoming::Pong(payload)),
            Some(Ok(Message::Close(_))) => Ok(Incoming::Closed),
            Some(Ok(_)) => Ok(Incoming::Alive),
        }
    }
}

/// Sends the close code and listens until the peer has answered, or for a moment.
pub async fn close(mut writer: SocketWriter, mut reader: SocketReader, code: CloseCode, detail: &str) {
    let reason =
        if detail.is_empty() { code.name().to_owned() } else { format!("{}: {detail}", code.name()) };
    let reason = reason.chars().filter(char::is_ascii).take(CLOSE_REASON_BYTES_MAX).collect::<String>();
    let frame = CloseFrame { code: WireCode::from(code as u16), reason: reason.into() };
    let farewell = async {
        if writer.sink.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        while let Some(Ok(message)) = reader.stream.next().await {
            if message.is_close() {
                return;
            }
        }
        // What the peer is still sending can no longer be read as frames; unread, it would reset the connection.
        if let Ok(mut socket) = reader.stream.reunite(writer.sink) {
            discard(socket.get_mut()).await;
        }
    };
    // A peer that does not answer is not waited for.
    let _ = tokio::time::timeout(CLOSE_PATIENCE, farewell).await;
}

async fn discard(stream: &mut TcpStream) {
    let mut scratch = [0; READ_BUFFER_BYTES];
    if stream.shutdown().await.is_ok() {
        while let Ok(1..) = stream.read(&mut scratch).await {}
    }
}

/// Answers the peer's own Close, if there was one.
pub async fn let_go(mut writer: SocketWriter) {
    // A peer that is gone gets no answer.
    let _ = tokio::time::timeout(CLOSE_PATIENCE, writer.sink.flush()).await;
}
