//! What the configuration makes of settings, and that its documentation says the same.

use clap::{Args as _, Command, FromArgMatches as _};

use super::*;

/// The settings of `flags` alone: the environment of the test run is kept out.
fn settings(flags: &[&str]) -> Result<Settings, clap::Error> {
    let command =
        Settings::augment_args(Command::new("combat")).mut_args(|argument| argument.env(None::<&str>));
    Settings::from_arg_matches(&command.try_get_matches_from([&["combat"], flags].concat())?)
}

fn config(flags: &[&str]) -> Result<Config, ConfigError> {
    Config::from_settings(settings(flags).expect("well-formed flags"))
}

#[test]
fn without_an_environment_the_server_refuses_to_start_without_a_secret() {
    let error = config(&[]).expect_err("production without a secret");
    assert_eq!(error.name, "JWT_SECRET");
    assert!(error.problem.contains("at least 32 random bytes"), "{error}");
    assert!(!error.to_string().contains('\n'), "one line");
}

#[test]
fn production_listens_everywhere_and_development_on_loopback() {
    let production = config(&["--jwt-secret", "k3Jx9pQ2vB7nM4wT8yR1cF6hD5gS0zLa"]).expect("production");
    assert_eq!(production.host.to_string(), "0.0.0.0");
    assert_eq!(production.log_format, LogFormat::Json);
    let development = config(&["--environment", "development"]).expect("development");
    assert_eq!(development.host.to_string(), "127.0.0.1");
    assert_eq!(development.auth.secret, SecretSource::in_dir("./data".as_ref()));
    assert_eq!(development.port, 8085);
}

#[test]
fn development_takes_any_secret_but_production_checks_both() {
    assert!(config(&["--environment", "development", "--jwt-secret", "your-secret-key"]).is_ok());
    let secret = "k3Jx9pQ2vB7nM4wT8yR1cF6hD5gS0zLa";
    let error = config(&["--jwt-secret", secret, "--jwt-secret-previous", "short"]).expect_err("short");
    assert_eq!(error.name, "JWT_SECRET_PREVIOUS");
}

#[test]
fn every_malformed_value_is_refused_by_its_parser() {
    let malformed = [
        ("--port", "65536"),
        ("--port", "http"),
        ("--host", "localhost!"),
        ("--environment", "staging"),
        ("--log-level", "loud"),
        ("--tick-rate-hz", "60"),
        ("--shards", "0"),
        ("--max-sessions", "-1"),
        ("--metrics-addr", "9090"),
        ("--public-url", "combat"),
        ("--allowed-origins", "https://a.example,b"),
        ("--durability", "postgres"),
        ("--readiness", "lenient"),
        ("--journal-cap-mb", "1"),
        ("--journal-ring-s", "0"),
        ("--data-dir", ""),
    ];
    for (flag, value) in malformed {
        let error = settings(&[flag, value].map(|text| text)).expect_err(flag);
        assert!(error.to_string().contains("expected"), "{flag} {value}: {error}");
    }
}

#[test]
fn the_report_shows_every_setting_once_and_no_secret() {
    let secret = "k3Jx9pQ2vB7nM4wT8yR1cF6hD5gS0zLa";
    let shown =
        config(&["--jwt-secret", secret, "--jwt-secret-previous", secret]).expect("production").shown();
    let command = Settings::augment_args(Command::new("combat"));
    let names: Vec<_> = command
        .get_arguments()
        .filter_map(|argument| argument.get_env())
        .map(|name| name.to_string_lossy())
        .collect();
    assert_eq!(shown.iter().map(|row| row.name).collect::<Vec<_>>(), names);
    assert!(shown.iter().all(|row| !row.value.contains(secret)));
}

#[test]
fn docs_configuration_table_is_what_the_command_line_reads() {
    crate::docs::assert_generated("docs/configuration.md", "settings", &settings_table());
}
