//! Whether this build may simulate: a profile that the root manifest of a studio's own crate forgot changes what a log means.

use combat_replays::overflow::unchecked_crates;

/// What to do, where there is something wrong.
const REMEDY: &str = "copy the [profile] lines of CONTRIBUTING.md, \"A server of one's own\", into the manifest at the root of \
                      your crate, and build again";

/// # Errors
/// One line that says what the build lacks.
pub fn check() -> anyhow::Result<()> {
    let aborts = cfg!(panic = "abort");
    let unchecked = if aborts { Vec::new() } else { silently(unchecked_crates) };
    match fault(&unchecked, aborts) {
        Some(fault) => anyhow::bail!("{fault}: {REMEDY}"),
        None => Ok(()),
    }
}

fn fault(unchecked: &[&str], aborts: bool) -> Option<String> {
    if aborts {
        return Some("this build aborts on a panic, so that one session's would end all".to_owned());
    }
    let crates = unchecked.join(", ");
    (!crates.is_empty()).then(|| {
        format!("this build goes on with wrong numbers after an overflow (overflow-checks) in {crates}")
    })
}

/// What panics meanwhile is caught, and no news.
pub fn silently<T>(work: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = work();
    std::panic::set_hook(hook);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_of_the_simulation_is_checked_in_every_profile_of_this_repository() {
        assert_eq!(unchecked_crates(), [""; 0]);
    }

    #[test]
    fn a_build_that_may_not_simulate_says_which_crates_lack_what() {
        assert_eq!(fault(&[], false), None);
        let told = fault(&["combat-components", "combat-systems"], false).expect("a fault");
        assert!(told.ends_with("(overflow-checks) in combat-components, combat-systems"), "{told}");
        assert!(fault(&[], true).expect("a fault").contains("aborts on a panic"));
    }
}
