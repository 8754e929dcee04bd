//! One command of a tier: its output goes to the log line by line, its tests are counted, its time is limited.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::counts::Counts;
use super::descendants;
use super::live::Live;
use super::test_binaries;

/// Lines between a step and its reader; a full queue makes the step wait, which is harmless here.
const LINES_IN_FLIGHT_MAX: usize = 1024;
const POLL: Duration = Duration::from_millis(200);
/// How long pipes may stay open after the command's end, held by something it left behind.
const PIPE_GRACE: Duration = Duration::from_secs(5);

/// What a tier does, one after the other.
pub enum Step {
    Run(Invocation),
    /// Builds all tests of the workspace with one set of features, then runs those of the named packages.
    TestBinaries {
        root: PathBuf,
        packages: &'static [&'static str],
    },
}

/// A command with its arguments, directory and environment.
pub struct Invocation {
    pub program: OsString,
    pub arguments: Vec<OsString>,
    pub directory: PathBuf,
    pub environment: Vec<(&'static str, OsString)>,
}

/// What became of a step.
pub enum Outcome {
    Passed,
    Failed(String),
}

impl Step {
    /// Runs the step to its end or to the limit.
    pub fn run(
        &self,
        limit: Duration,
        log: &mut File,
        live: &mut Live,
        counts: &mut Counts,
    ) -> Result<Outcome> {
        let mut output = Output { log, live, counts, deadline: Instant::now() + limit };
        match self {
            Self::Run(invocation) => output.follow(invocation, |_| {}),
            Self::TestBinaries { root, packages } => test_binaries::run(root, packages, &mut output),
        }
    }
}

impl Invocation {
    /// `line` is split at spaces; the directory is `root`.
    pub fn new(root: &Path, line: &str) -> Self {
        let mut words = line.split_whitespace().map(OsString::from);
        let program = words.next().expect("a command line has a first word");
        Self { program, arguments: words.collect(), directory: root.to_path_buf(), environment: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    pub fn argument(mut self, value: impl Into<OsString>) -> Self {
        self.arguments.push(value.into());
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.directory);
        // Cargo sets these for xtask itself; a child must not take them for its own.
        for (name, _) in std::env::vars_os() {
            let cargo_set = name
                .to_str()
                .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST"));
            if cargo_set {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn text(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }
}

/// Where the output of a tier's commands goes, and until when they may run.
pub struct Output<'a> {
    log: &'a mut File,
    live: &'a mut Live,
    counts: &'a mut Counts,
    deadline: Instant,
}

impl Output<'_> {
    /// Runs one command; `each` sees every line of its standard output.
    pub fn follow(&mut self, invocation: &Invocation, mut each: impl FnMut(&str)) -> Result<Outcome> {
        let text = invocation.text();
        writeln!(self.log, "$ {text}")?;
        let mut child = match invocation.command().spawn() {
            Ok(child) => child,
            Err(error) => {
                writeln!(self.log, "could not be started: {error}")?;
                return Ok(Outcome::Failed(format!("{text}: could not be started: {error}")));
            }
        };
        let lines = lines_of(&mut child)?;
        let (status, in_time) = self.read_to_end(&mut child, &lines, &mut each)?;
        Ok(match status {
            _ if !in_time => Outcome::Failed(format!("{text}: stopped at the tier's time limit")),
            status if status.success() => Outcome::Passed,
            status => Outcome::Failed(format!("{text}: {status}")),
        })
    }

    fn read_to_end(
        &mut self,
        child: &mut Child,
        lines: &Receiver<(bool, String)>,
        each: &mut impl FnMut(&str),
    ) -> Result<(ExitStatus, bool)> {
        let mut ended: Option<Instant> = None;
        let mut in_time = true;
        loop {
            match lines.recv_timeout(POLL) {
                Ok((is_stdout, line)) => self.take(is_stdout, &line, each)?,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.live.show(*self.counts),
            }
            if ended.is_none() && child.try_wait()?.is_some() {
                ended = Some(Instant::now());
            }
            if ended.is_some_and(|at| at.elapsed() > PIPE_GRACE) {
                break;
            }
            if in_time && Instant::now() > self.deadline {
                in_time = false;
                descendants::kill(child);
            }
        }
        Ok((child.wait().context("the command's end cannot be awaited")?, in_time))
    }

    fn take(&mut self, is_stdout: bool, line: &str, each: &mut impl FnMut(&str)) -> Result<()> {
        if is_stdout {
            each(line);
        }
        if !line.starts_with(test_binaries::MESSAGE_START) {
            writeln!(self.log, "{line}")?;
            self.counts.read(line);
            self.live.note(line);
            self.live.show(*self.counts);
        }
        Ok(())
    }
}

/// Both pipes, line by line; `true` marks standard output.
fn lines_of(child: &mut Child) -> Result<Receiver<(bool, String)>> {
    let (sender, receiver) = sync_channel(LINES_IN_FLIGHT_MAX);
    let stdout = child.stdout.take().context("standard output was piped")?;
    let stderr = child.stderr.take().context("standard error was piped")?;
    read_lines(stdout, true, sender.clone());
    read_lines(stderr, false, sender);
    Ok(receiver)
}

fn read_lines(pipe: impl Read + Send + 'static, is_stdout: bool, sender: SyncSender<(bool, String)>) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            if sender.send((is_stdout, line)).is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Runs `script` with sh under `limit`; gives the outcome, the counts and the log.
    fn run(name: &str, script: &str, limit: Duration) -> (Outcome, Counts, String) {
        let path = std::env::temp_dir().join(format!("xtask-{name}-{}.log", std::process::id()));
        let mut log = File::create(&path).expect("a log in the temporary directory");
        let mut counts = Counts::default();
        let step = Step::Run(Invocation::new(Path::new("."), "sh -c").argument(script));
        let outcome = step.run(limit, &mut log, &mut Live::begin("tidy"), &mut counts).expect("a run");
        let text = fs::read_to_string(&path).expect("the log");
        fs::remove_file(&path).expect("the log can be removed");
        (outcome, counts, text)
    }

    #[test]
    fn both_outputs_reach_the_log_and_tests_are_counted() {
        let script = "echo to-out; echo to-err >&2; echo 'test result: ok. 3 passed; 0 failed'";
        let (outcome, counts, log) = run("outputs", script, Duration::from_secs(60));
        assert!(matches!(outcome, Outcome::Passed));
        assert!(log.contains("to-out") && log.contains("to-err"));
        assert_eq!(counts.passed, 3);
    }

    #[test]
    fn a_failing_command_fails_with_its_status() {
        let (outcome, ..) = run("status", "exit 3", Duration::from_secs(60));
        assert!(matches!(outcome, Outcome::Failed(why) if why.contains("exit status: 3")));
    }

    #[test]
    fn a_command_beyond_its_limit_is_ended_with_what_it_started() {
        let (outcome, _, log) = run("limit", "sleep 600 & echo child $!; wait", Duration::from_millis(500));
        assert!(matches!(outcome, Outcome::Failed(why) if why.contains("time limit")));
        let child = log.lines().find_map(|line| line.strip_prefix("child ")).expect("the id of the child");
        // A process that was killed is there until the kernel has come to it.
        let begun = Instant::now();
        loop {
            let state = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the child is still there: {state}");
            std::thread::yield_now();
        }
    }
}
