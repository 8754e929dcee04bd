//! A WebSocket as the server sees it from outside, with every byte counted.

use std::net::SocketAddr;
use std::time::Duration;

use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::wait::PATIENCE;

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// 1006 when there was no close frame.
    pub code: u16,
    pub reason: String,
}

impl Closed {
    /// Whether it was closed with this code, the reason beginning with its name.
    #[track_caller]
    pub fn expect(&self, code: CloseCode) {
        assert_eq!(self.code, code as u16, "closed with {self:?}");
        assert!(self.reason.starts_with(code.name()), "the reason does not name {}: {self:?}", code.name());
    }
}

/// What a read brought.
#[derive(Clone, Debug)]
pub enum Incoming {
    Message(Vec<u8>),
    Closed(Closed),
}

#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    pub encoding: Encoding,
    /// What the server's close frame said; kept, because a read may be given up at any moment.
    closed: Option<Closed>,
}

impl Socket {
    /// Opens a socket; `protocols` is the whole of `Sec-WebSocket-Protocol`.
    ///
    /// # Panics
    /// When the server does not upgrade, or echoes another protocol than the encoding's.
    pub async fn open(address: SocketAddr, ws_url: &str, encoding: Encoding, protocols: &str) -> Self {
        Self::try_open(address, ws_url, encoding, protocols).await.expect("an upgrade")
    }

    /// As [`Self::open`], with a server that may be gone.
    ///
    /// # Errors
    /// With 1006 and what the library says.
    pub async fn try_open(
        address: SocketAddr,
        ws_url: &str,
        encoding: Encoding,
        protocols: &str,
    ) -> Result<Self, Closed> {
        let opened = Self::handshake(address, request(ws_url, protocols)).await;
        let (stream, response) = opened.map_err(|error| Closed { code: 1006, reason: error.to_string() })?;
        assert_eq!(response.headers()["sec-websocket-protocol"], encoding.subprotocol());
        assert!(response.headers().get("sec-websocket-extensions").is_none(), "no extension is negotiated");
        Ok(Self { stream, encoding, closed: None })
    }

    /// A socket whose handshake is done.
    pub fn over(stream: WebSocketStream<TcpStream>, encoding: Encoding) -> Self {
        Self { stream, encoding, closed: None }
    }

    /// A handshake that may be refused.
    ///
    /// # Errors
    /// As the library tells it; `Error::Http` holds the server's answer.
    pub async fn handshake(
        address: SocketAddr,
        request: Request,
    ) -> Result<(WebSocketStream<TcpStream>, Response), Error> {
        let tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        let opening = tokio_tungstenite::client_async(request, tcp);
        tokio::time::timeout(PATIENCE, opening).await.expect("the handshake is answered")
    }

    /// Sends one message in this socket's encoding, well-formed or not.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let message = match self.encoding {
            Encoding::MessagePack => Message::binary(bytes.to_vec()),
            Encoding::Json => Message::text(String::from_utf8_lossy(bytes).into_owned()),
        };
        self.send_raw(message).await
    }

    /// # Errors
    /// When the connection is gone.
    pub async fn send_raw(&mut self, message: Message) -> Result<(), Error> {
        tokio::time::timeout(PATIENCE, self.stream.send(message)).await.expect("the server reads")
    }

    /// The next message or the end; pings are answered on the way. `None` when nothing came in `wait`.
    pub async fn receive_within(&mut self, wait: Duration) -> Option<Incoming> {
        tokio::time::timeout(wait, self.receive()).await.ok()
    }

    pub async fn receive(&mut self) -> Incoming {
        let gone = || Incoming::Closed(Closed { code: 1006, reason: String::new() });
        loop {
            if let Some(closed) = self.closed.clone() {
                // The answer to the close frame leaves with the next read; what comes of it is not needed.
                let _ = tokio::time::timeout(Duration::from_secs(1), self.stream.next()).await;
                return Incoming::Closed(closed);
            }
            match self.stream.next().await {
                None | Some(Err(_)) => return gone(),
                Some(Ok(Message::Binary(bytes))) => return Incoming::Message(bytes.to_vec()),
                Some(Ok(Message::Text(text))) => return Incoming::Message(text.as_bytes().to_vec()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    self.closed = Some(Closed { code: frame.code.into(), reason: frame.reason.to_string() });
                }
                Some(Ok(Message::Close(None))) => return gone(),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Reads on until the connection ends.
    ///
    /// # Panics
    /// When it does not within the harness's patience.
    pub async fn closed(&mut self) -> Closed {
        let ended = async {
            loop {
                if let Incoming::Closed(closed) = self.receive().await {
                    return closed;
                }
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("the server closes the connection")
    }

    /// Drops the TCP connection without a close frame.
    pub fn cut(self) {
        drop(self);
    }
}

/// A handshake's request.
pub fn request(ws_url: &str, protocols: &str) -> Request {
    let mut request = ws_url.into_client_request().expect("an absolute URL");
    request.headers_mut().insert("sec-websocket-protocol", protocols.parse().expect("a header"));
    request
}
