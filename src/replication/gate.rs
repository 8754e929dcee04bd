//! What of a session may be shown yet: how late, and whether only what is final.

use combat_components::tick::Tick;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub now: Tick,
    /// Everything up to here is final.
    pub durable: Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    delay_ticks: u32,
    waits_for_durable: bool,
}

impl Gate {
    /// For the match's own players: at once, and also what could still be undone.
    pub const OPEN: Self = Self { delay_ticks: 0, waits_for_durable: false };

    /// For everybody else: so much later, and nothing that could still be undone.
    pub fn behind(delay_ticks: u32) -> Self {
        Self { delay_ticks, waits_for_durable: true }
    }

    /// The newest tick that may be shown.
    pub fn newest(self, moment: Moment) -> Tick {
        let old_enough = Tick(moment.now.0.saturating_sub(self.delay_ticks));
        if self.waits_for_durable { old_enough.min(moment.durable) } else { old_enough }
    }

    pub fn admits(self, tick: Tick, moment: Moment) -> bool {
        tick <= self.newest(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn players_see_the_present_and_others_what_is_old_enough_and_final() {
        let at = |now, durable| Moment { now: Tick(now), durable: Tick(durable) };
        assert_eq!(Gate::OPEN.newest(at(900, 100)), Tick(900));
        assert_eq!(Gate::behind(128).newest(at(900, 890)), Tick(772));
        assert_eq!(Gate::behind(128).newest(at(900, 700)), Tick(700), "the journal lags");
        assert_eq!(Gate::behind(128).newest(at(100, 100)), Tick(0), "nothing is old enough yet");
        assert!(
            Gate::behind(0).admits(Tick(890), at(900, 890))
                && !Gate::behind(0).admits(Tick(891), at(900, 890))
        );
    }
}
