//! `combat load` against the real server: what its report says holds, also over a restart.

use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::harness::rest::API;
use crate::harness::server::Server;
use crate::harness::{tokens, wait};

const SESSIONS: u64 = 2;
const PLAYERS: u64 = 3;

fn load(server: &Server, seconds: u32) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_combat"));
    command.env_clear().env("JWT_SECRET", tokens::SECRET).env("ENVIRONMENT", "development");
    command.args(["load", "--json", "--url", &format!("http://{}", server.address())]);
    command.args(["--sessions", &SESSIONS.to_string(), "--players", &PLAYERS.to_string()]);
    command.args(["--seconds", &seconds.to_string(), "--warmup-s", "1"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("combat can be run")
}

async fn finished(load: Child) -> (Output, Value) {
    let waited = tokio::task::spawn_blocking(move || load.wait_with_output());
    let output = waited.await.expect("it is waited for").expect("it ends");
    let report = serde_json::from_slice(&output.stdout);
    let report =
        report.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output, report)
}

/// What must be so however busy the machine is.
fn expect_sound(output: &Output, report: &Value) {
    let holds = report["void"] == false;
    assert_eq!(output.status.code(), Some(if holds { 0 } else { 1 }), "{report:#}");
    for none in ["lost", "viewHashMismatches", "framesRefused"] {
        assert_eq!(report[none], 0, "{none}: {report:#}");
    }
    assert_eq!(report["closed"], serde_json::json!({}), "{report:#}");
    for some in ["claimAckMs", "attackVerdictMs"] {
        assert!(report[some]["count"].as_u64() > Some(0), "{some}: {report:#}");
    }
    assert!(report["viewHashesCompared"].as_u64() > Some(0), "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_run_measures_and_ends_what_it_created() {
    let server = Server::start().await;
    let (output, report) = finished(load(&server, 4)).await;
    expect_sound(&output, &report);
    assert_eq!(
        (&report["reconnects"], &report["corrections"]),
        (&Value::from(0), &Value::from(0)),
        "{report:#}"
    );
    let frames = report["framesPerPlayerPerSecond"].as_f64().expect("a number");
    assert!((20.0..=33.5).contains(&frames), "{report:#}");
    let listed = server.service().get(&format!("{API}/sessions?status=ended")).await.expect(200);
    assert_eq!(listed.number("total"), SESSIONS, "{}", listed.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_run_rides_out_a_kill_and_a_restart() {
    let mut server = Server::start().await;
    let load = load(&server, 10);
    let rest = server.service();
    wait::until("every session has played for three seconds", async || {
        let listed = rest.get(&format!("{API}/sessions")).await.expect(200);
        let sessions = listed.body["sessions"].as_array()?.clone();
        let well_on =
            |session: &Value| session["playerCount"] == PLAYERS && session["tick"].as_u64() > Some(384);
        (sessions.len() as u64 == SESSIONS && sessions.iter().all(well_on)).then_some(())
    })
    .await;
    server.kill().await;
    server.restart().await;
    let (output, report) = finished(load).await;
    expect_sound(&output, &report);
    assert_eq!(report["reconnects"], SESSIONS * PLAYERS, "{report:#}");
}
