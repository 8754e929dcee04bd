//! A studio's own server: what ships, and kinds of its own beside it.

mod kinds;
#[cfg(test)]
mod tests;

fn main() -> realtime_combat_service::cli::Exit {
    realtime_combat_service::cli::run(kinds::KINDS)
}
