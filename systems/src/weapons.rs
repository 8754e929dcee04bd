//! Taking another weapon in hand. What each has left, rounds and interval, stays its own.

use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_components::weapon::Arms;

use crate::tick_rules::TickWeapon;

/// Takes weapon `index` in hand; a reload of the one put away is given up.
pub fn take_in_hand(arms: &mut Arms, weapons: &[TickWeapon], index: u8, now: Tick) -> Result<(), Reason> {
    let weapon = weapons.get(usize::from(index)).ok_or(Reason::UnknownAbility)?;
    if index == arms.in_hand {
        return Err(Reason::AlreadyInHand);
    }
    arms.in_hand = index;
    arms.drawn_at = now.plus(weapon.draw_ticks);
    arms.reloaded_at = None;
    Ok(())
}
