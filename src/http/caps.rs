//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus::IntGauge;

/// Counts open connections and refuses those above a limit.
pub struct ConnectionCaps {
    all_max: usize,
    /// 0 for no limit.
    per_ip_max: usize,
    open: IntGauge,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    /// At most `all` entries: an address without connections is forgotten.
    by_ip: HashMap<IpAddr, usize>,
}

/// Which limit a connection ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    All,
    Ip,
}

impl Cap {
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Ip => "ip",
        }
    }
}

/// A connection's place; given back when the last holder drops it.
pub struct ConnectionPermit {
    caps: Arc<ConnectionCaps>,
    ip: IpAddr,
}

impl ConnectionCaps {
    pub fn new(all_max: usize, per_ip_max: usize, open: IntGauge) -> Arc<Self> {
        Arc::new(Self { all_max, per_ip_max, open, counts: Mutex::default() })
    }

    /// # Errors
    /// With the limit that is reached. Loopback has no limit of its own: a proxy there speaks for many.
    pub fn admit(self: &Arc<Self>, ip: IpAddr) -> Result<ConnectionPermit, Cap> {
        let ip = network(ip);
        let mut counts = self.counts.lock();
        if counts.all >= self.all_max {
            return Err(Cap::All);
        }
        let of_ip = counts.by_ip.get(&ip).copied().unwrap_or(0);
        if self.per_ip_max > 0 && of_ip >= self.per_ip_max && !ip.is_loopback() {
            return Err(Cap::Ip);
        }
        counts.by_ip.insert(ip, of_ip + 1);
        counts.all += 1;
        self.open.inc();
        Ok(ConnectionPermit { caps: Arc::clone(self), ip })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.caps.counts.lock();
        counts.all -= 1;
        match counts.by_ip.get_mut(&self.ip) {
            Some(1) | None => {
                counts.by_ip.remove(&self.ip);
            }
            Some(count) => *count -= 1,
        }
        self.caps.open.dec();
    }
}

/// One household or server has a whole /64 of IPv6.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) if !ip.is_loopback() => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(all_max: usize, per_ip_max: usize) -> Arc<ConnectionCaps> {
        ConnectionCaps::new(all_max, per_ip_max, IntGauge::new("open", "open").expect("a gauge"))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_is_capped_before_all_are_and_places_come_back() {
        let caps = caps(3, 2);
        let held = [caps.admit(ip("10.0.0.1")), caps.admit(ip("10.0.0.1"))].map(Result::ok);
        assert_eq!(caps.admit(ip("10.0.0.1")).err(), Some(Cap::Ip));
        assert_eq!(caps.admit(ip("::ffff:10.0.0.1")).err(), Some(Cap::Ip));
        let other = caps.admit(ip("10.0.0.2"));
        assert!(other.is_ok());
        assert_eq!(caps.admit(ip("10.0.0.3")).err(), Some(Cap::All));
        assert_eq!(caps.open.get(), 3);
        drop((held, other));
        assert_eq!(caps.open.get(), 0);
        assert!(caps.counts.lock().by_ip.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_loopback_has_only_the_common_cap() {
        let caps = caps(4, 1);
        let _one = caps.admit(ip("2001:db8:1:2::1")).ok();
        assert_eq!(caps.admit(ip("2001:db8:1:2:ffff::9")).err(), Some(Cap::Ip));
        let _loopback =
            [caps.admit(ip("127.0.0.1")), caps.admit(ip("::1")), caps.admit(ip("::1"))].map(Result::ok);
        assert_eq!(caps.admit(ip("127.0.0.1")).err(), Some(Cap::All));
    }
}
