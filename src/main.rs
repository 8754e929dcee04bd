//! The binary.

fn main() -> realtime_combat_service::cli::Exit {
    realtime_combat_service::cli::run()
}
