//! The command line: one file per verb. Every error is one line that says what to do.

use std::io::Write;

use anyhow::Context;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand};
use combat_systems::kinds::Kinds;

mod config;
mod exit;
mod healthcheck;
mod load;
mod player;
mod replay;
mod serve;
mod soundness;
mod token;

pub use self::exit::Exit;
use crate::config::Settings;
use crate::version::VERSION;

/// What went wrong where standard output is full.
const NO_OUTPUT: &str = "cannot write to standard output";

/// A real-time combat server whose matches can be re-simulated bit for bit.
#[derive(Parser)]
#[command(name = "combat", version = VERSION, arg_required_else_help = true, after_help = after_help())]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

fn after_help() -> String {
    let program = this_program();
    let settings = format!(
        "Settings are environment variables and flags alike: see `{program} serve --help`, or `{program} config` for what is in effect."
    );
    format!("{settings}\n\n{}", Exit::table())
}

#[derive(Subcommand)]
enum Verb {
    /// Run the server
    Serve(serve::ServeArgs),
    /// List, verify, show, export and audit recorded sessions
    Replay(replay::ReplayArgs),
    /// Remove a person from everything that was recorded
    Player(player::PlayerArgs),
    /// Play many virtual players against a running server and measure what they meet
    Load(load::LoadArgs),
    /// Make a token for a person or a script; it is the last line printed
    Token(token::TokenArgs),
    /// Ask a running server whether it is alive, or ready
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Show the settings in effect, secrets hidden
    Config(config::ConfigArgs),
}

impl Verb {
    fn simulates(&self) -> bool {
        matches!(self, Self::Serve(_) | Self::Replay(_))
    }
}

/// Reads the command line, does what it says and answers with the exit code. Rules, sessions and logs may name `kinds` and
/// nothing else: a server with kinds of its own is a `main` that hands them in.
pub fn run(kinds: Kinds) -> Exit {
    let verb = match CommandLine::try_parse() {
        Ok(CommandLine { verb }) => verb,
        Err(error) if is_help(&error) => {
            let is_asked = error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
            let is_good = error.print().is_ok() && is_asked;
            return if is_good { Exit::Good } else { Exit::CouldNotRun };
        }
        Err(error) => return failed(&usage(&error, &this_program())),
    };
    let is_sound = if verb.simulates() { soundness::check() } else { Ok(()) };
    let done = is_sound.and_then(|()| match verb {
        Verb::Serve(args) => serve::run(args, kinds),
        Verb::Replay(args) => replay::run(args, &kinds),
        Verb::Player(args) => player::run(args),
        Verb::Load(args) => load::run(args, kinds),
        Verb::Token(args) => token::run(args),
        Verb::Healthcheck(args) => healthcheck::run(args),
        Verb::Config(args) => config::run(args),
    });
    done.unwrap_or_else(|error| failed(&format!("{error:#}")))
}

/// Runs the store's futures on this thread.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start the runtime")?.block_on(work)
}

/// Prints what was gathered; a reader that has seen enough, such as `head`, is no fault.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context(NO_OUTPUT),
        _ => Ok(()),
    }
}

/// How this program was called, for hints that can be copied.
fn this_program() -> String {
    std::env::args().next().unwrap_or_else(|| "combat".to_owned())
}

/// Something that was checked does not hold: `what`, and why, on one line.
fn does_not_hold(what: &str, why: &str) -> Exit {
    eprintln!("combat: {what}: {why}");
    Exit::DoesNotHold
}

fn failed(problem: &str) -> Exit {
    eprintln!("combat: {}", problem.lines().map(str::trim).collect::<Vec<_>>().join(" "));
    Exit::CouldNotRun
}

fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// One line in place of clap's several: for a setting its name, what was expected and what was found.
fn usage(error: &clap::Error, program: &str) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let name = name_of(&argument);
    let value = context(ContextKind::InvalidValue).unwrap_or_default();
    match (error.kind(), std::error::Error::source(error)) {
        (ErrorKind::ValueValidation, _) if is_secret(name) => {
            format!("{name}: expected a secret that is not empty")
        }
        (ErrorKind::ValueValidation, Some(expected)) => format!("{name}: {expected}, got {value:?}"),
        (ErrorKind::InvalidValue, _) if value.is_empty() => format!("{name}: expected a value"),
        (ErrorKind::InvalidValue, _) => {
            let expected = context(ContextKind::ValidValue).unwrap_or_default();
            format!("{name}: expected one of {expected}, got {value:?}")
        }
        (ErrorKind::UnknownArgument, _) if !argument.starts_with('-') => {
            format!("unexpected argument {argument:?}; see --help")
        }
        (ErrorKind::UnknownArgument, _) => format!("{argument} is not a flag of this command; see --help"),
        (ErrorKind::InvalidSubcommand, _) => {
            let verb = context(ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("{verb:?} is not a command; see `{} --help`", command_of(error, program))
        }
        (ErrorKind::MissingRequiredArgument, _) if argument.contains(", ") => {
            format!("{argument} are required; see --help")
        }
        (ErrorKind::MissingRequiredArgument, _) => format!("{argument} is required; see --help"),
        _ => error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    }
}

/// The command that was being read: `program`, or `program replay`.
fn command_of(error: &clap::Error, program: &str) -> String {
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let words = usage.trim_start_matches("Usage:").split_whitespace();
    let verbs = words.skip(1).take_while(|word| !word.starts_with(['<', '[', '-']));
    [program].into_iter().chain(verbs).collect::<Vec<_>>().join(" ")
}

/// A setting is known by its name, as in the environment; any other flag by itself.
fn name_of(argument: &str) -> &str {
    let Some((flag, placeholder)) = argument.split_once(" <") else {
        return argument.trim_matches(['<', '>']);
    };
    let placeholder = placeholder.trim_end_matches('>');
    if is_setting(placeholder) { placeholder } else { flag }
}

fn is_setting(name: &str) -> bool {
    let settings = Settings::augment_args(clap::Command::new("settings"));
    settings.get_arguments().any(|argument| argument.get_env().is_some_and(|variable| variable == name))
}

fn is_secret(name: &str) -> bool {
    name.starts_with("JWT_SECRET")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn told(arguments: &[&str]) -> String {
        let arguments = [&["combat"], arguments].concat();
        match CommandLine::command()
            .mut_subcommand("serve", without_environment)
            .try_get_matches_from(arguments)
        {
            Err(error) => usage(&error, "combat"),
            Ok(_) => panic!("the arguments are accepted"),
        }
    }

    fn without_environment(command: clap::Command) -> clap::Command {
        command.mut_args(|argument| argument.env(None::<&str>))
    }

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_malformed_setting_is_one_line_with_its_name_and_what_was_expected() {
        let expected = "PORT: expected a whole number from 0 to 65535, got \"http\"";
        assert_eq!(told(&["serve", "--port", "http"]), expected);
        let expected = "ENVIRONMENT: expected development or production, got \"dev\"";
        assert_eq!(told(&["serve", "--environment", "dev"]), expected);
        assert!(
            told(&["token", "--role", "king"]).starts_with("--role: expected "),
            "a flag, and no setting"
        );
    }

    /// Every flag of every verb, with values that are no number, no name and no date.
    #[test]
    fn whatever_value_is_refused_is_told_with_what_was_expected() {
        let mut refused = 0;
        let mut verbs = vec![(Vec::new(), CommandLine::command())];
        while let Some((path, verb)) = verbs.pop() {
            verbs.extend(
                verb.get_subcommands()
                    .map(|sub| ([&path[..], &[sub.get_name().to_owned()]].concat(), sub.clone())),
            );
            for flag in verb.get_opts().filter_map(|option| option.get_long()) {
                for value in ["abc", "-1", "99999999999999999999", "\u{7f}"] {
                    let arguments =
                        [&["combat".to_owned()], &path[..], &[format!("--{flag}={value}")]].concat();
                    let read = CommandLine::command()
                        .mut_subcommand("serve", without_environment)
                        .try_get_matches_from(arguments);
                    if let Err(error) = read
                        && error.kind() == ErrorKind::ValueValidation
                    {
                        let told = usage(&error, "combat");
                        assert!(
                            told.contains(": expected ") && !told.contains("invalid"),
                            "{path:?}: {told}"
                        );
                        refused += 1;
                    }
                }
            }
        }
        assert!(refused > 60, "only {refused} values were refused");
    }

    #[test]
    fn wrong_usage_is_told_on_one_line() {
        assert_eq!(told(&["serve", "--prot", "1"]), "--prot is not a flag of this command; see --help");
        let file_after_id = told(&["replay", "verify", "one", "two"]);
        assert_eq!(file_after_id, "unexpected argument \"two\"; see --help");
        assert_eq!(told(&["serv"]), "\"serv\" is not a command; see `combat --help`");
        assert_eq!(told(&["replay", "diff", "a"]), "\"diff\" is not a command; see `combat replay --help`");
        assert_eq!(told(&["player", "remove"]), "\"remove\" is not a command; see `combat player --help`");
        assert!(told(&["serve", "--port"]).starts_with("PORT: expected"));
        assert_eq!(told(&["token"]), "--role <ROLE>, --sub <SUB> are required; see --help");
        assert_eq!(told(&["token", "--role", "player"]), "--sub <SUB> is required; see --help");
    }

    #[test]
    fn a_secret_is_not_repeated_in_the_error() {
        assert_eq!(told(&["serve", "--jwt-secret", ""]), "JWT_SECRET: expected a secret that is not empty");
    }
}
