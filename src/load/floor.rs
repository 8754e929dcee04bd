//! The floor of the machine: what a bare echo over loopback takes, measured before and after a run.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::figures::{histogram, record};

/// The size of a claim, and of an acknowledgement.
const ECHO_BYTES: usize = 64;

/// Enough for a P99 that holds still, in a fraction of a second.
const ECHOES: u32 = 4_000;

/// Nothing on this machine answers later.
const PATIENCE: Duration = Duration::from_secs(2);

/// Round trips in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Floor {
    pub p50: f64,
    pub p99: f64,
}

/// Echoes between two threads of this process, one at a time.
///
/// # Errors
/// When the system gives no socket or thread.
pub fn measure() -> std::io::Result<Floor> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let echo = std::thread::Builder::new().name("echo".to_owned()).spawn(move || echo(&listener))?;
    let stream = TcpStream::connect(address)?;
    let found = ask(stream);
    // Its errors are those of the asking side, which is told of.
    let _ = echo.join();
    found.map(|times| Floor { p50: ms(&times, 0.5), p99: ms(&times, 0.99) })
}

fn ask(mut stream: TcpStream) -> std::io::Result<Histogram<u64>> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut times, mut bytes) = (histogram(), [7; ECHO_BYTES]);
    for _ in 0..ECHOES {
        let asked = Instant::now();
        stream.write_all(&bytes)?;
        stream.read_exact(&mut bytes)?;
        record(&mut times, asked.elapsed().as_micros() as u64);
    }
    Ok(times)
}

fn echo(listener: &TcpListener) -> std::io::Result<()> {
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut bytes = [0; ECHO_BYTES];
    loop {
        stream.read_exact(&mut bytes)?;
        stream.write_all(&bytes)?;
    }
}

/// A quantile in milliseconds.
pub fn ms(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_takes_some_time_and_not_much() {
        let floor = measure().expect("loopback works");
        assert!(floor.p50 > 0.0 && floor.p50 <= floor.p99 && floor.p99 < 1_000.0, "{floor:?}");
    }
}
