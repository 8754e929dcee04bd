//! What this build is: version, commit and compiler, as `build.rs` found them.

/// The commit and `-dirty` where the sources differ from it, or what the environment said, or `unknown`.
pub const COMMIT: &str = env!("COMBAT_COMMIT");

/// As `rustc --version` says it.
pub const COMPILER: &str = env!("COMBAT_RUSTC");

/// For people: `combat --version`.
pub const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("COMBAT_COMMIT"), ", ", env!("COMBAT_RUSTC"), ")");

/// What a log carries, so that one knows which build can simulate it again.
pub const BUILD: &str = concat!(
    env!("CARGO_PKG_NAME"),
    " ",
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("COMBAT_COMMIT"),
    ", ",
    env!("COMBAT_RUSTC"),
    ")"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_names_version_commit_and_compiler() {
        let rest = BUILD.strip_prefix("realtime-combat-service ").expect("the package comes first");
        assert_eq!(rest, VERSION);
        let (number, rest) = rest.split_once(" (").expect("the version comes before the bracket");
        assert!(number.split('.').count() == 3 && number.split('.').all(|part| part.parse::<u32>().is_ok()));
        let (commit, compiler) = rest.split_once(", ").expect("a comma between commit and compiler");
        assert_eq!(commit, COMMIT);
        assert!(compiler.starts_with("rustc 1.") && compiler.ends_with("))"), "{compiler}");
        assert_eq!(compiler.strip_suffix(')'), Some(COMPILER));
    }

    #[test]
    fn a_commit_is_twelve_digits_and_says_when_the_sources_differ_from_it() {
        let digits = COMMIT.strip_suffix("-dirty").unwrap_or(COMMIT);
        let is_named = std::env::var("COMBAT_COMMIT").is_ok_and(|name| name == COMMIT) || COMMIT == "unknown";
        let is_digits = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(is_named || is_digits, "{COMMIT}");
    }
}
