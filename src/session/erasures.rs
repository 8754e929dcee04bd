//! A person erased beside the running server is forgotten by its live sessions too.

use super::people::People;
use super::registry::Registry;
use crate::journal::StoreError;

/// Somebody may be on his way in while he is erased; the longest request is answered by then.
const ROUNDS_AFTER_AN_ERASURE: u32 = 15;

/// What has been seen of the store's erasures.
#[derive(Debug, Default)]
pub struct Erasures {
    count: u64,
    rounds_left: u32,
}

impl Erasures {
    /// Looks whether somebody was erased; if so, now and for the next rounds, whoever has lost his row leaves.
    ///
    /// # Errors
    /// What the store answers; nothing is forgotten by that.
    pub async fn follow(&mut self, registry: &Registry) -> Result<(), StoreError> {
        let count = registry.journal().people().erasures().await?;
        if count != self.count {
            (self.count, self.rounds_left) = (count, ROUNDS_AFTER_AN_ERASURE);
        }
        if self.rounds_left > 0 {
            self.rounds_left -= 1;
            registry.forget_erased().await?;
        }
        Ok(())
    }
}

impl Registry {
    /// Lets everybody leave his live session whom the side table does not know any more.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn forget_erased(&self) -> Result<(), StoreError> {
        let store = self.journal().people();
        for handle in self.live_handles() {
            // Read before the rows: whoever has a seat had his row before.
            let seats = handle.live().seats();
            let rows = People::of(&*store, handle.id()).await?;
            let lost = seats
                .iter()
                .filter(|seat| seat.person.is_some() && rows.by_pseudonym(seat.pseudonym).is_none());
            for seat in lost {
                // One that takes nothing now is told again in the next round.
                let _ = handle.forget(seat.pseudonym);
            }
        }
        Ok(())
    }
}
