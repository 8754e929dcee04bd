//! The accept loop: caps, a deadline for request heads, and an orderly end of every connection.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::caps::{Cap, ConnectionCaps, ConnectionPermit};
use super::problem::{Problem, ProblemCode};
use crate::telemetry::Metrics;

/// Nobody needs longer to send a request's head; also the longest that a kept-alive connection may idle.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Head and read buffer of one connection: tokens of 4 KiB with room for a browser's headers.
const BUFFER_BYTES_MAX: usize = 16 * 1_024;

/// A request under way at the stop may end within this.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// While descriptors have run out, accepting again at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Refusals being told at once; beyond, a connection over the cap is closed without a word.
const REFUSALS_MAX: usize = 64;

/// A refused peer gets this long to read why.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// What the loop needs beside its listener.
#[derive(Clone)]
pub struct Acceptor {
    pub router: Router,
    pub caps: Arc<ConnectionCaps>,
    pub metrics: Arc<Metrics>,
    /// Every connection and socket runs here, so that the end can wait for them.
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

/// Who is at the other end of a request's connection, and its place under the caps.
#[derive(Clone)]
pub struct Peer {
    pub address: SocketAddr,
    pub permit: Arc<ConnectionPermit>,
}

impl Acceptor {
    /// Accepts until `stop`; connections then end after the request under way.
    pub async fn run(self, listener: TcpListener) {
        let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, address)) => self.admit(stream, address, &refusals),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, address: SocketAddr, refusals: &Arc<Semaphore>) {
        match self.caps.admit(address.ip()) {
            Ok(permit) => {
                let peer = Peer { address, permit: Arc::new(permit) };
                self.tasks.spawn(serve(stream, peer, self.router.clone(), self.stop.clone()));
            }
            Err(cap) => {
                self.metrics.connection_refusals(cap.name()).inc();
                if let Ok(turn) = Arc::clone(refusals).try_acquire_owned() {
                    self.tasks.spawn(async move {
                        let _turn = turn;
                        let _told = timeout(REFUSAL_TIMEOUT, refuse(stream, cap)).await;
                    });
                }
            }
        }
    }
}

async fn serve(stream: TcpStream, peer: Peer, router: Router, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, peer = %peer.address, "the connection was gone before it was served");
        return;
    }
    let address = peer.address;
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(BUFFER_BYTES_MAX)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            timeout(DRAIN_TIMEOUT, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, peer = %address, "a connection ended early");
    }
}

/// Says why before closing, and reads what was sent: unread bytes would turn the answer into a reset.
async fn refuse(mut stream: TcpStream, cap: Cap) -> io::Result<()> {
    let detail = match cap {
        Cap::All => "the server holds as many connections as it may",
        Cap::Ip => "this address holds as many connections as it may",
    };
    let body = Problem::new(ProblemCode::Overloaded).with_detail(detail).to_json("");
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\
         Retry-After: 2\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).await?;
    stream.shutdown().await?;
    let mut unread = [0; 1_024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

/// The peer left while it waited in the queue; the next one is not concerned.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;

    use super::*;
    use crate::telemetry::ConnectionKind;

    struct Server {
        address: SocketAddr,
        stop: CancellationToken,
        tasks: TaskTracker,
    }

    async fn server(connections_max: usize) -> Server {
        let metrics = Arc::new(Metrics::default());
        let gauge = metrics.connections(ConnectionKind::Http);
        let acceptor = Acceptor {
            router: Router::new().route("/", get(async || "good")),
            caps: ConnectionCaps::new(connections_max, 0, gauge),
            metrics,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (stop, tasks) = (acceptor.stop.clone(), acceptor.tasks.clone());
        tasks.spawn(acceptor.run(listener));
        Server { address, stop, tasks }
    }

    async fn answer(stream: &mut TcpStream, request: &str) -> String {
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("an orderly end");
        text
    }

    #[tokio::test]
    async fn a_connection_over_the_cap_is_told_so_and_a_place_freed_is_given_again() {
        let server = server(1).await;
        let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let mut first = TcpStream::connect(server.address).await.expect("connected");
        let mut second = TcpStream::connect(server.address).await.expect("connected");
        let refused = answer(&mut second, request).await;
        assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("\"overloaded\""), "{refused}");
        assert!(answer(&mut first, request).await.ends_with("good"));
        drop(first);
        loop {
            let mut third = TcpStream::connect(server.address).await.expect("connected");
            if answer(&mut third, request).await.starts_with("HTTP/1.1 200") {
                break;
            }
        }
    }

    #[tokio::test]
    async fn a_peer_that_never_finishes_its_head_is_cut_off() {
        let server = server(8).await;
        let mut slow = TcpStream::connect(server.address).await.expect("connected");
        let text = timeout(HEADER_READ_TIMEOUT * 2, answer(&mut slow, "GET / HTTP/1.1\r\nX-Slow: ")).await;
        assert!(!text.expect("cut off in time").contains("200"));
    }

    #[tokio::test]
    async fn the_stop_ends_idle_connections_and_the_loop() {
        let server = server(8).await;
        let mut idle = TcpStream::connect(server.address).await.expect("connected");
        idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
        let mut head = [0; 12];
        idle.read_exact(&mut head).await.expect("answered");
        server.stop.cancel();
        server.tasks.close();
        timeout(DRAIN_TIMEOUT, server.tasks.wait()).await.expect("everything ended");
        let mut rest = Vec::new();
        idle.read_to_end(&mut rest).await.expect("an orderly end");
        assert!(TcpStream::connect(server.address).await.is_err());
    }
}
