//! The binary.

use combat_systems::kinds::Kinds;

fn main() -> realtime_combat_service::cli::Exit {
    realtime_combat_service::cli::run(Kinds::SHIPPED)
}
