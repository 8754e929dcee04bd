//! What of a resource is state.

use combat_components::canon::CanonError;

/// A resource with a part that is state, or that is one.
pub(crate) trait Holds<T> {
    fn held(&self) -> &T;

    /// Takes `part` in place of the one that is there.
    ///
    /// # Errors
    /// When it does not fit what else the resource holds.
    fn hold(&mut self, part: T) -> Result<(), CanonError>;
}

impl<T> Holds<T> for T {
    fn held(&self) -> &T {
        self
    }

    fn hold(&mut self, part: T) -> Result<(), CanonError> {
        *self = part;
        Ok(())
    }
}
