//! Opening a socket: TCP from a chosen address, and the handshake of WebSocket.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A server that has not answered a handshake by then is taken to be gone.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// The head of an answer is longer only when it is none.
const HEAD_BYTES_MAX: usize = 8 << 10;

/// Loopback addresses connections come from, so that one destination never runs out of ports.
const SOURCES: u32 = 32;

/// Where a player connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `host:port`.
    pub authority: String,
    pub path: String,
}

#[derive(Debug, Error)]
pub enum ConnectError {
    #[error("{0:?} is not an address, expected ws://host:port/path")]
    Url(String),
    #[error("{0} has no address")]
    Unknown(String),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("no answer to the handshake within {} s", HANDSHAKE_MAX.as_secs())]
    TimedOut,
    #[error("the handshake was answered with {0:?}")]
    Refused(String),
}

impl Endpoint {
    /// # Errors
    /// When `url` is not `ws://host:port/path`; the port may be missing.
    pub fn parse(url: &str) -> Result<Self, ConnectError> {
        let rest = url.strip_prefix("ws://").ok_or_else(|| ConnectError::Url(url.to_owned()))?;
        let slash = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(slash);
        if authority.is_empty() {
            return Err(ConnectError::Url(url.to_owned()));
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority, path: if path.is_empty() { "/".to_owned() } else { path.to_owned() } })
    }

    /// Opens a socket that offers `protocols`; answers with what the server sent right behind its handshake.
    ///
    /// # Errors
    /// When there is no connection, or the answer is not a switch to WebSocket.
    pub async fn open(&self, number: u32, protocols: &str) -> Result<(TcpStream, Vec<u8>), ConnectError> {
        tokio::time::timeout(HANDSHAKE_MAX, self.handshake(number, protocols))
            .await
            .map_err(|_| ConnectError::TimedOut)?
    }

    async fn handshake(&self, number: u32, protocols: &str) -> Result<(TcpStream, Vec<u8>), ConnectError> {
        let address = tokio::net::lookup_host(&self.authority).await?.next();
        let address = address.ok_or_else(|| ConnectError::Unknown(self.authority.clone()))?;
        let mut stream = dial(address, number).await?;
        let key = generate_key();
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocols}\r\n\r\n",
            self.path, self.authority
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(1 << 10);
        let end = loop {
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if answer.len() > HEAD_BYTES_MAX || stream.read_buf(&mut answer).await? == 0 {
                return Err(ConnectError::Refused(status_line(&answer)));
            }
        };
        let rest = answer.split_off(end);
        let head = String::from_utf8_lossy(&answer);
        let accepted = head.lines().filter_map(|line| line.split_once(':')).any(|(name, value)| {
            name.eq_ignore_ascii_case("sec-websocket-accept")
                && value.trim() == derive_accept_key(key.as_bytes())
        });
        let switched = head.split(' ').nth(1) == Some("101");
        if switched && accepted {
            Ok((stream, rest))
        } else {
            Err(ConnectError::Refused(status_line(&answer)))
        }
    }
}

async fn dial(address: SocketAddr, number: u32) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let IpAddr::V4(ip) = address.ip()
        && ip.is_loopback()
    {
        let source = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 0, 2)) + number % SOURCES);
        socket.bind(SocketAddr::from((source, 0)))?;
    }
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

fn status_line(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(&answer[..answer.len().min(HEAD_BYTES_MAX)]);
    text.lines().next().unwrap_or("nothing").chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_socket_url_is_taken_apart() {
        let parsed = |url| Endpoint::parse(url).map(|endpoint| (endpoint.authority, endpoint.path)).ok();
        let expected = |authority: &str, path: &str| Some((authority.to_owned(), path.to_owned()));
        assert_eq!(parsed("ws://127.0.0.1:8085/api/x"), expected("127.0.0.1:8085", "/api/x"));
        assert_eq!(parsed("ws://[::1]:8085"), expected("[::1]:8085", "/"));
        assert_eq!(parsed("ws://combat.example/ws"), expected("combat.example:80", "/ws"));
        assert_eq!(parsed("wss://combat.example/ws"), None);
        assert_eq!(parsed("ws:///ws"), None);
    }
}
