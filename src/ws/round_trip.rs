//! The round trip of a connection, as the server measures it by pings.

use std::time::Duration;

use tokio::time::Instant;

/// Over how long the least round trip is kept: a held-back pong must not move what the simulation hears.
const WINDOW: Duration = Duration::from_secs(2);

/// Pings on their way at most; an older one without an answer is given up.
const PENDING_MAX: usize = 4;

/// Samples kept: those of the window at one ping a second, and one more.
const SAMPLES_MAX: usize = 4;

#[derive(Debug, Default)]
pub struct RoundTrip {
    next_nonce: u64,
    pending: Vec<(u64, Instant)>,
    samples: Vec<(Instant, u32)>,
}

impl RoundTrip {
    /// The payload of the next ping.
    pub fn ping(&mut self, now: Instant) -> [u8; 8] {
        if self.pending.len() == PENDING_MAX {
            self.pending.remove(0);
        }
        self.next_nonce += 1;
        self.pending.push((self.next_nonce, now));
        self.next_nonce.to_be_bytes()
    }

    /// The round trip in milliseconds and the least of the window; `None` for a pong nobody asked for.
    pub fn pong(&mut self, payload: &[u8], now: Instant) -> Option<(u32, u32)> {
        let nonce = u64::from_be_bytes(payload.try_into().ok()?);
        let at = self.pending.iter().position(|(pending, _)| *pending == nonce)?;
        let (_, sent_at) = self.pending.remove(at);
        let rtt_ms = now.duration_since(sent_at).as_millis().min(60_000) as u32;
        self.samples.retain(|(taken_at, _)| now.duration_since(*taken_at) <= WINDOW);
        if self.samples.len() == SAMPLES_MAX {
            self.samples.remove(0);
        }
        self.samples.push((now, rtt_ms));
        self.samples.iter().map(|(_, rtt_ms)| *rtt_ms).min().map(|least_ms| (rtt_ms, least_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_two_seconds_is_kept_and_forged_pongs_are_ignored() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut round_trip = RoundTrip::default();
        let first = round_trip.ping(at(0));
        assert_eq!(round_trip.pong(&first, at(40)), Some((40, 40)));
        assert_eq!(round_trip.pong(&first, at(41)), None);
        assert_eq!(round_trip.pong(b"forged!!", at(41)), None);
        let second = round_trip.ping(at(1_000));
        assert_eq!(round_trip.pong(&second, at(1_300)), Some((300, 40)));
        let third = round_trip.ping(at(3_000));
        assert_eq!(round_trip.pong(&third, at(3_100)), Some((100, 100)));
    }
}
