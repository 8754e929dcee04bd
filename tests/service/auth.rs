//! Bearer tokens: what is not signed as it should be opens nothing, and the reason is told.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::rest::{API, Answer, arena};
use crate::harness::server::{Options, Server};
use crate::harness::tokens::{SECRET, claims, forge, forge_claims};

async fn list_with(server: &Server, token: &str) -> Answer {
    server.anonymous().with_token(token).get(&format!("{API}/sessions")).await
}

fn with(field: &str, value: Value) -> Value {
    let mut claims = claims("service", "ann");
    claims[field] = value;
    claims
}

fn without(field: &str) -> Value {
    let mut claims = claims("service", "ann");
    claims.as_object_mut().unwrap().remove(field);
    claims
}

#[tokio::test]
async fn a_forged_token_opens_nothing_whatever_algorithm_it_names() {
    let server = Server::start().await;
    list_with(&server, &forge_claims(&claims("service", "ann"))).await.expect(200);
    for algorithm in ["none", "None", "NONE", "nOnE", "HS384", "HS512", "RS256", "ES256", "EdDSA", ""] {
        let header = json!({"alg": algorithm, "typ": "JWT"});
        let signed = forge(&header, &claims("admin", "eve"), SECRET);
        let unsigned = format!("{}.", signed.rsplit_once('.').unwrap().0);
        for token in [signed, unsigned] {
            let refused = list_with(&server, &token).await.expect_problem(401, "token_invalid");
            assert_eq!(refused.header("www-authenticate"), "Bearer", "{algorithm}");
        }
    }
    let header = json!({"alg": "HS256", "typ": "JWT"});
    for secret in ["", "x", &SECRET.to_lowercase()] {
        let token = forge(&header, &claims("admin", "eve"), secret);
        list_with(&server, &token).await.expect_problem(401, "token_invalid");
    }
    let good = forge_claims(&claims("player", "ann"));
    let (head, signature) = good.rsplit_once('.').unwrap();
    let other = forge_claims(&claims("admin", "ann"));
    let swapped = format!("{}.{signature}", other.rsplit_once('.').unwrap().0);
    for token in [
        swapped,
        head.to_owned(),
        format!("{good}x"),
        format!("{good}.x"),
        "a.b.c".to_owned(),
        "...".to_owned(),
    ] {
        list_with(&server, &token).await.expect_problem(401, "token_invalid");
    }
}

#[tokio::test]
async fn claims_that_are_missing_expired_or_meant_for_others_are_refused() {
    let server = Server::start().await;
    let now = claims("service", "ann")["iat"].as_u64().unwrap();
    list_with(&server, &forge_claims(&with("exp", json!(now - 60))))
        .await
        .expect_problem(401, "token_expired");
    for field in ["sub", "role", "exp", "iss", "aud"] {
        list_with(&server, &forge_claims(&without(field))).await.expect_problem(401, "token_invalid");
    }
    for (field, value) in [
        ("aud", json!("elsewhere")),
        ("aud", json!(["a", "b"])),
        ("iss", json!("elsewhere")),
        ("nbf", json!(now + 600)),
        ("exp", json!("tomorrow")),
        ("exp", json!(-1)),
        ("role", json!("root")),
        ("role", json!(["admin"])),
        ("role", json!("Admin")),
        ("sub", json!("")),
        ("sub", json!("two words")),
        ("sub", json!("x".repeat(65))),
        ("sub", json!(7)),
    ] {
        let refused = list_with(&server, &forge_claims(&with(field, value.clone()))).await;
        let body = refused.expect_problem(401, "token_invalid").body;
        assert!(!body.to_string().contains(SECRET), "{field} {value}");
    }
}

#[tokio::test]
async fn only_a_bearer_header_carries_a_token_and_nothing_leaks_into_the_log() {
    let server = Server::start().await;
    let rest = server.anonymous();
    let token = forge_claims(&claims("service", "ann"));
    let sessions = format!("{API}/sessions");
    let ask = async |header: &str| {
        rest.send(rest.request(Method::GET, &sessions).header("authorization", header)).await
    };
    ask(&format!("Bearer {token}")).await.expect(200);
    ask(&format!("bearer {token}")).await.expect(200);
    ask(&format!("Basic {token}")).await.expect_problem(401, "token_missing");
    ask(&token).await.expect_problem(401, "token_missing");
    ask("Bearer ").await.expect(401);
    rest.get(&format!("{sessions}?access_token={token}")).await.expect_problem(400, "invalid_field");
    let said = server.output().join("\n");
    assert!(!said.contains(&token) && !said.contains(SECRET));
}

#[tokio::test]
async fn in_production_nothing_but_health_is_open_without_a_token() {
    let options = Options::default().with("ENVIRONMENT", "production").with("HOST", "127.0.0.1");
    let server = Server::start_with(options).await;
    let rest = server.anonymous();
    let session = server.service().create(&arena()).await;
    for path in ["/sessions", &format!("/sessions/{session}"), "/maps", "/maps/duel-box", "/rulesets/default"]
    {
        rest.get(&format!("{API}{path}")).await.expect_problem(401, "token_missing");
        server.player("ann").get(&format!("{API}{path}")).await.expect(200);
    }
    rest.spectate(&session, &json!({})).await.expect_problem(401, "token_missing");
    for path in ["/health", "/ready", "/metrics"] {
        rest.get(path).await.expect(200);
    }
    assert!(!server.output().iter().any(|line| line.contains("TOKEN=")), "production prints no token");
}

#[tokio::test]
async fn tokens_of_the_command_line_of_the_start_and_of_the_secret_before_open_the_server() {
    let before = "a-secret-of-last-month-0123456789-abcdef";
    let server = Server::start_with(Options::default().with("JWT_SECRET_PREVIOUS", before)).await;
    let create = async |token: &str| {
        server.anonymous().with_token(token).post(&format!("{API}/sessions"), &arena()).await
    };
    let made = server.combat(&["token", "--role", "service", "--sub", "people"]);
    assert!(made.status.success());
    let made = String::from_utf8(made.stdout).unwrap();
    create(made.lines().last().unwrap()).await.expect(201);
    let shown = server.output().into_iter().find_map(|line| line.strip_prefix("TOKEN=").map(str::to_owned));
    create(&shown.expect("development prints a token")).await.expect(201);
    let header = json!({"alg": "HS256", "typ": "JWT"});
    create(&forge(&header, &claims("service", "old"), before)).await.expect(201);
    let player = server.combat(&["token", "--role", "player", "--sub", "ann"]);
    let player = String::from_utf8(player.stdout).unwrap();
    create(player.lines().last().unwrap()).await.expect_problem(403, "forbidden");
    assert_eq!(server.combat(&["token", "--role", "king", "--sub", "ann"]).status.code(), Some(2));
}

#[tokio::test]
async fn a_token_for_a_data_directory_that_no_server_has_used_is_refused_and_nothing_is_made_there() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mistyped = directory.path().join("dtaa");
    for environment in ["development", "production"] {
        for data_dir in [mistyped.as_path(), directory.path()] {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_combat"));
            command
                .args(["token", "--role", "player", "--sub", "ann", "--data-dir"])
                .arg(data_dir)
                .env_clear();
            let output = command.env("ENVIRONMENT", environment).output().expect("combat can be run");
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{output:?}");
            assert!(told.contains("JWT_SECRET: is not set") && told.lines().count() == 1, "{told}");
            let names_it = told.contains(&data_dir.display().to_string());
            assert!(names_it && told.contains("start the server first"), "{told}");
            assert_eq!(
                std::fs::read_dir(directory.path()).expect("it is there").count(),
                0,
                "nothing is made"
            );
        }
    }
}
