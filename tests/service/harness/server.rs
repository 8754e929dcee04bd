//! A `combat serve` process of one's own: started, signalled, killed, restarted, never left behind.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;

use parking_lot::Mutex;
use realtime_combat_service::auth::Role;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::rest::Rest;
use super::{tokens, wait, walk};

/// What differs from a server in development on a free port with an empty data directory.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Further settings, such as `("TICK_RATE_HZ", "32")`; they override those of the harness.
    pub settings: Vec<(&'static str, String)>,
    /// Further flags of `combat serve`, such as `--demo`.
    pub flags: Vec<&'static str>,
    /// A data directory that exists already, and that outlives the server.
    pub data_dir: Option<PathBuf>,
    /// A command that ends by executing its arguments, put before `combat serve`.
    pub wrapper: Vec<String>,
    /// Another binary than `combat`, with the same verbs.
    pub binary: Option<&'static str>,
    /// Rules with a warm-up of a tenth of a second, otherwise the default ones.
    pub brisk: bool,
}

impl Options {
    /// Matches become active as soon as two have joined.
    pub fn brisk() -> Self {
        Self { brisk: true, ..Self::default() }
    }

    pub fn with(mut self, setting: &'static str, value: impl ToString) -> Self {
        self.settings.push((setting, value.to_string()));
        self
    }
}

#[derive(Debug)]
enum DataDir {
    Own(tempfile::TempDir),
    Given(PathBuf),
}

/// A server process. Dropped, it is killed by its id.
#[derive(Debug)]
pub struct Server {
    options: Options,
    data_dir: DataDir,
    child: Child,
    address: SocketAddr,
    output: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// A server in development on a free port.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        let data_dir = match &options.data_dir {
            Some(path) => DataDir::Given(path.clone()),
            None => DataDir::Own(tempfile::tempdir().expect("a temporary directory")),
        };
        let output = Arc::default();
        if options.brisk {
            write_brisk_rules(path_of(&data_dir));
        }
        let child = spawn(&options, path_of(&data_dir), None, &output);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { options, data_dir, child, address, output };
        server.wait_until_ready().await;
        server
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn data_dir(&self) -> &Path {
        path_of(&self.data_dir)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A caller without a token.
    pub fn anonymous(&self) -> Rest {
        Rest::anonymous(self.address)
    }

    /// A caller with the role service.
    pub fn service(&self) -> Rest {
        self.anonymous().holding(Role::Service, "matchmaker")
    }

    pub fn admin(&self) -> Rest {
        self.anonymous().holding(Role::Admin, "operator")
    }

    /// A caller with the role player.
    pub fn player(&self, sub: &str) -> Rest {
        self.anonymous().holding(Role::Player, sub)
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id() as i32).expect("a child's id is not 0");
        kill_process(pid, signal).expect("the child is there until it has been waited for");
    }

    /// SIGSTOP: the process stands still.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// `kill -9`, and waits until the process is gone.
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.exited().await;
    }

    /// SIGTERM, and waits for the end.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.exited().await
    }

    /// Waits until the process has ended by itself or after a signal.
    pub async fn exited(&mut self) -> ExitStatus {
        wait::until("the end of the server", async || self.child.try_wait().expect("a child of ours")).await
    }

    /// Starts the server anew after its end: same data directory, same port.
    pub async fn restart(&mut self) {
        self.launch();
        self.wait_until_ready().await;
    }

    /// As [`Self::restart`], without waiting for anything.
    pub fn launch(&mut self) {
        assert!(self.child.try_wait().expect("a child of ours").is_some(), "the old process still runs");
        self.output.lock().clear();
        self.child = spawn(&self.options, path_of(&self.data_dir), Some(self.address.port()), &self.output);
    }

    /// What the process has printed since its last start, logs (JSON lines) and standard output mixed.
    pub fn output(&self) -> Vec<String> {
        self.output.lock().clone()
    }

    /// The log lines with this message.
    pub fn logged(&self, message: &str) -> Vec<Value> {
        let lines = self.output();
        let logs = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        logs.filter(|log| log["message"] == message).collect()
    }

    /// Runs another verb of `combat` beside the server, with its settings: `combat replay verify ID`.
    pub fn combat(&self, arguments: &[&str]) -> Output {
        let mut command = bare_command(&self.options, self.data_dir());
        command.args(arguments).output().expect("combat can be run")
    }

    /// As [`Self::combat`], with another standard output.
    pub fn combat_into(&self, stdout: Stdio, arguments: &[&str]) -> Output {
        let mut command = bare_command(&self.options, self.data_dir());
        command.args(arguments).stdout(stdout).output().expect("combat can be run")
    }

    async fn wait_until_ready(&mut self) {
        self.address = wait::until("the line `serving`", async || {
            let ended = self.child.try_wait().expect("a child of ours");
            assert!(ended.is_none(), "the server ended with {ended:?}: {:#?}", self.output());
            self.logged("serving").first()?["address"].as_str()?.parse().ok()
        })
        .await;
        let rest = self.anonymous();
        wait::until("a ready server", async || (rest.get("/ready").await.status == 200).then_some(())).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been waited for already; then there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let lines = self.output.lock();
            let newest = lines.iter().rev().take(40).rev();
            eprintln!(
                "what the server said last:\n{}",
                newest.map(|line| format!("  {line}\n")).collect::<String>()
            );
        }
    }
}

fn path_of(data_dir: &DataDir) -> &Path {
    match data_dir {
        DataDir::Own(dir) => dir.path(),
        DataDir::Given(path) => path,
    }
}

/// Nothing of the tester's environment reaches the server.
fn bare_command(options: &Options, data_dir: &Path) -> Command {
    wrapped_command(&[], options, data_dir)
}

fn wrapped_command(wrapper: &[String], options: &Options, data_dir: &Path) -> Command {
    let combat = [options.binary.unwrap_or(env!("CARGO_BIN_EXE_combat")).to_owned()];
    let mut words = wrapper.iter().chain(&combat);
    let mut command = Command::new(words.next().expect("at least combat itself"));
    command.args(words);
    command.env_clear().env("ENVIRONMENT", "development").env("DATA_DIR", data_dir);
    command.env("JWT_SECRET", tokens::SECRET).env("LOG_FORMAT", "json");
    command
}

fn write_brisk_rules(data_dir: &Path) {
    let shipped = &walk::catalogue().ruleset("default").expect("it ships").text;
    let brisk = shipped.replace("warmup_ms = 5_000", "warmup_ms = 100");
    assert_ne!(brisk, **shipped, "the default rules have another warm-up now");
    let dir = rules_dir(data_dir);
    std::fs::create_dir_all(&dir).expect("the data directory can be written");
    std::fs::write(dir.join("default.toml"), brisk).expect("the data directory can be written");
}

fn rules_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("rules")
}

fn spawn(options: &Options, data_dir: &Path, port: Option<u16>, output: &Arc<Mutex<Vec<String>>>) -> Child {
    let mut command = wrapped_command(&options.wrapper, options, data_dir);
    command.arg("serve").args(&options.flags).env("PORT", "0");
    command.envs(options.settings.iter().map(|(name, value)| (name, value)));
    if options.brisk {
        command.env("RULES_DIR", rules_dir(data_dir));
    }
    if let Some(port) = port {
        command.env("PORT", port.to_string());
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("combat can be run");
    keep(child.stdout.take().expect("piped"), output);
    keep(child.stderr.take().expect("piped"), output);
    child
}

fn keep(stream: impl Read + Send + 'static, output: &Arc<Mutex<Vec<String>>>) {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            output.lock().push(line);
        }
    });
}
