//! `examples/bot.py`, a client written from `docs/protocol.md` alone, against the server.

use std::process::Command;

use realtime_combat_service::auth::Role;

use crate::harness::server::{Options, Server};
use crate::harness::tokens;

/// The interpreter with the PyPI packages that the bot needs; `make test` sets it.
const PYTHON: &str = "COMBAT_PYTHON";

const SECONDS: u32 = 6;

#[tokio::test]
async fn the_bot_of_the_examples_plays_by_the_documented_protocol() {
    let Some(python) = std::env::var_os(PYTHON) else {
        println!("not run: examples/bot.py, because {PYTHON} is not set");
        return;
    };
    let server = Server::start_with(Options::brisk()).await;
    let mut bot = Command::new(python);
    bot.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bot.py"));
    bot.args(["--url", &format!("http://{}", server.address()), "--seconds", &SECONDS.to_string()]);
    bot.args(["--token", &tokens::token(Role::Service, "examples")]);
    let played = tokio::task::spawn_blocking(move || bot.output()).await.unwrap().expect("it can be run");
    let (said, wrong) = (String::from_utf8_lossy(&played.stdout), String::from_utf8_lossy(&played.stderr));
    println!("{said}");
    assert!(played.status.success(), "{said}{wrong}");
    let count = |what: &str| {
        let before = said.split(what).next().unwrap_or_default().trim_end();
        let number =
            before.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse::<u32>().ok());
        number.unwrap_or_else(|| panic!("{what} is not in: {said}"))
    };
    assert!(count("of") > SECONDS * 15, "inputs are acknowledged: {said}");
    assert!(count("frames") > SECONDS * 16, "frames arrive: {said}");
    assert!(count("applied") > 0, "shots are judged: {said}");
    assert_eq!(count("viewHash mismatches"), 0, "{said}");
    assert_eq!(count("corrected"), 0, "every claim is legal: {said}");
}
