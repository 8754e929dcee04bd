//! What a player does with his weapons but fire them: reload, and take another in hand.

use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_components::weapon::Arms;

use crate::tick_rules::TickWeapon;

/// Whether the weapon in hand may be fired.
///
/// # Errors
/// Why not.
pub fn may_fire(arms: &Arms, now: Tick) -> Result<(), Reason> {
    match () {
        () if arms.reloaded_at.is_some() => Err(Reason::Reloading),
        () if now < arms.fires_at() => Err(Reason::OnCooldown),
        () if arms.rounds[usize::from(arms.in_hand)] == 0 => Err(Reason::MagazineEmpty),
        () => Ok(()),
    }
}

/// Begins to reload the weapon in hand.
///
/// # Errors
/// Why not.
pub fn begin_reload(arms: &mut Arms, weapons: &[TickWeapon], now: Tick) -> Result<(), Reason> {
    let in_hand = usize::from(arms.in_hand);
    let weapon = &weapons[in_hand];
    if arms.reloaded_at.is_some() {
        return Err(Reason::Reloading);
    }
    if now < arms.drawn_at {
        return Err(Reason::OnCooldown);
    }
    if arms.rounds[in_hand] >= weapon.rules.magazine_rounds {
        return Err(Reason::MagazineFull);
    }
    arms.reloaded_at = Some(now.plus(weapon.reload_ticks));
    Ok(())
}

/// Takes weapon `index` in hand; a reload of the one put away is given up. What each has left, rounds and interval,
/// stays its own.
///
/// # Errors
/// When there is no such weapon, or it is in hand.
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
