//! What callgrind wrote, read as far as it is asked: how often a function was called, and what that cost inclusively.

use std::collections::BTreeMap;

/// The calls of one function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    pub count: u64,
    /// Of the function and everything it called.
    pub instructions: u64,
}

impl Calls {
    /// Rounded to whole instructions.
    pub fn each(self) -> u64 {
        (self.instructions + self.count / 2) / self.count.max(1)
    }
}

/// The calls of the function `name`, whatever it is in; a name that is not there has none.
pub fn calls_of(profile: &str, name: &str) -> Calls {
    let mut names: BTreeMap<&str, bool> = BTreeMap::new();
    let mut calls = Calls::default();
    let (mut is_callee, mut count) = (false, None);
    for line in profile.lines() {
        if let Some(cost) = count.take() {
            let inclusive = line.rsplit(' ').next().and_then(|word| word.parse().ok());
            calls.count += cost;
            calls.instructions += inclusive.unwrap_or(0);
        } else if let Some(named) = line.strip_prefix("cfn=") {
            is_callee = is_named(named, name, &mut names);
        } else if let Some(named) = line.strip_prefix("fn=") {
            is_named(named, name, &mut names);
        } else if let Some(words) = line.strip_prefix("calls=").filter(|_| is_callee) {
            count = words.split(' ').next().and_then(|word| word.parse::<u64>().ok());
        }
    }
    calls
}

/// `(7) combat_systems::snapshot::hash_state` at its first mention, `(7)` from then on.
fn is_named<'a>(named: &'a str, name: &str, names: &mut BTreeMap<&'a str, bool>) -> bool {
    let (id, full) = named.split_once(' ').unwrap_or((named, ""));
    if full.is_empty() {
        return names.get(id).copied().unwrap_or(false);
    }
    let is_it = last_segment(full) == name;
    names.insert(id, is_it);
    is_it
}

/// Without the compiler's hash, where it was left in; a generic's own name ends in a bracket and is never asked for.
fn last_segment(full: &str) -> &str {
    let mut segments = full.rsplit("::");
    let last = segments.next().unwrap_or(full);
    let is_hash =
        last.len() == 17 && last.starts_with('h') && last[1..].bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { segments.next().unwrap_or(last) } else { last }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
events: Ir
fn=(1) instructions::main
10 5
cfi=(2) snapshot.rs
cfn=(7) combat_systems::snapshot::hash_state
calls=3 +4
* 300
cfn=(8) combat_systems::snapshot::hash_state::{{closure}}
calls=9 1
+2 90
fn=(9) other::hash_states
1 1
cfn=(7)
calls=1 2
-3 101
fn=(7)
1 401
cfn=(10) core::drop<a::hash_state>
calls=2 1
1 7
cfn=(11) instructions::measured_step::h0123456789abcdef
calls=2 1
5 50
";

    #[test]
    fn calls_from_everywhere_are_added_up_and_no_other_name_is_taken_for_it() {
        let calls = calls_of(PROFILE, "hash_state");
        assert_eq!(calls, Calls { count: 4, instructions: 401 });
        assert_eq!(calls.each(), 100);
        assert_eq!(calls_of(PROFILE, "measured_step").each(), 25);
        assert_eq!(calls_of(PROFILE, "absent"), Calls::default());
        assert_eq!(calls_of(PROFILE, "absent").each(), 0);
    }
}
