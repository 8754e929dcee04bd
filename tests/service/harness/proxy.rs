//! A link of one's own between client and server: slower by a delay, or standing still, with its bytes counted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// Pieces on their way: two seconds of the busiest link.
const IN_FLIGHT_MAX: usize = 4_096;

const PIECE_BYTES: usize = 4_096;

/// A TCP proxy on loopback; ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    down_bytes: Arc<AtomicU64>,
    held: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Both directions are late by `one_way`.
    pub async fn start(server: SocketAddr, one_way: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let down_bytes = Arc::new(AtomicU64::new(0));
        let (held, holding) = watch::channel(false);
        let counted = Arc::clone(&down_bytes);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let down = Down { counted: Arc::clone(&counted), holding: holding.clone() };
                tokio::spawn(carry(client, server, one_way, down));
            }
        });
        Self { address, down_bytes, held, task }
    }

    /// From now on nothing is read from the server, so that its own buffers fill.
    pub fn hold_down(&self) {
        self.held.send_replace(true);
    }

    /// Reads again.
    pub fn release_down(&self) {
        self.held.send_replace(false);
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes that the server has sent over all connections.
    pub fn down_bytes(&self) -> u64 {
        self.down_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What concerns the way from the server alone.
struct Down {
    counted: Arc<AtomicU64>,
    holding: watch::Receiver<bool>,
}

async fn carry(client: TcpStream, server: SocketAddr, one_way: Duration, down: Down) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever side ends, the other is ended with it.
    tokio::select! {
        () = pipe(from_client, to_server, one_way, None) => {}
        () = pipe(from_server, to_client, one_way, Some(down)) => {}
    }
}

async fn pipe(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    one_way: Duration,
    mut down: Option<Down>,
) {
    let (pieces, mut due) = mpsc::channel::<(Instant, Vec<u8>)>(IN_FLIGHT_MAX);
    let reading = async move {
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            if let Some(down) = &mut down
                && down.holding.wait_for(|held| !held).await.is_err()
            {
                break;
            }
            let Ok(length @ 1..) = from.read(&mut buffer).await else { break };
            if let Some(down) = &down {
                down.counted.fetch_add(length as u64, Ordering::Relaxed);
            }
            if pieces.send((Instant::now() + one_way, buffer[..length].to_vec())).await.is_err() {
                break;
            }
        }
    };
    let writing = async move {
        while let Some((at, piece)) = due.recv().await {
            tokio::time::sleep_until(at).await;
            if to.write_all(&piece).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(reading, writing);
}
