//! The binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    realtime_combat_service::cli::run()
}
