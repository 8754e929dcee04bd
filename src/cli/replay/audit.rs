//! `combat replay audit`: forges a log field by field and prints per forgery what caught it.

use std::collections::BTreeMap;
use std::io::{BufWriter, ErrorKind, Write};

use anyhow::{Context, anyhow};
use combat_replays::audit::{self, Caught, Finding, NotAudited, Places};
use combat_replays::verifier::Outcome;
use combat_systems::kinds::Kinds;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{AuditArgs, source};
use crate::cli::soundness::silently;
use crate::cli::{Exit, NO_OUTPUT, does_not_hold};

/// What can catch a forgery, in the order of the summary.
const WORDS: [&str; 5] = ["simulation", "blobs", "digest", "free text", "UNSEEN"];
/// Beside the count of what nothing else catches.
const BY_DIGEST: &str = " (only with --expect or the stored digest)";
/// As machines read them.
const CODES: [&str; 5] = ["simulation", "blobs", "digest", "free_text", "unseen"];

const NOT_AUDITED: &str = "not audited";

pub fn run(args: &AuditArgs, kinds: &Kinds) -> anyhow::Result<Exit> {
    let log = match source::open(&args.source)?.log() {
        Ok(log) => log,
        Err(what) => return Ok(does_not_hold(NOT_AUDITED, &what)),
    };
    let places = if args.all { Places::All } else { Places::Representative };
    let bar = ProgressBar::new(log.records.len() as u64);
    let style = ProgressStyle::with_template("{bar:40} {percent} % of the records, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut printed = Printed::new(args.json);
    // A forged tick may panic the simulation; that it does is a finding, not news.
    let audited = silently(|| {
        audit::audit(&log, kinds, places, &mut |finding, stand| {
            bar.suspend(|| printed.note(&finding));
            bar.set_position(stand.done as u64);
        })
    });
    bar.finish_and_clear();
    match audited {
        Ok(()) => Ok(Exit::of(printed.end()? == 0)),
        Err(not @ NotAudited(Outcome::Refused(_))) => Err(anyhow!("{NOT_AUDITED}: {not}")),
        Err(not) => Ok(does_not_hold(NOT_AUDITED, &not.to_string())),
    }
}

/// Findings on their way to standard output: none is kept.
struct Printed {
    as_json: bool,
    out: BufWriter<std::io::Stdout>,
    counts: BTreeMap<&'static str, u64>,
    failed: Option<std::io::Error>,
}

impl Printed {
    fn new(as_json: bool) -> Self {
        Self { as_json, out: BufWriter::new(std::io::stdout()), counts: BTreeMap::new(), failed: None }
    }

    fn note(&mut self, finding: &Finding) {
        let is_first = self.counts.is_empty();
        *self.counts.entry(finding.caught.code()).or_default() += 1;
        if self.as_json {
            let before = if is_first { r#"{"forgeries":["# } else { "," };
            self.write(&format!("{before}\n{}", as_json(finding)));
        } else {
            self.write(&format!("{}\n", line(finding)));
        }
    }

    /// Counts, and how many forgeries went unseen.
    fn end(mut self) -> anyhow::Result<u64> {
        let count = |code| self.counts.get(code).copied().unwrap_or_default();
        let (all, unseen) = (CODES.map(count).iter().sum::<u64>(), count("unseen"));
        let text = if self.as_json {
            let counts: serde_json::Map<String, Value> =
                CODES.iter().map(|code| ((*code).to_owned(), json!(count(code)))).collect();
            format!("\n],\"count\":{all},\"caughtBy\":{}}}\n", Value::Object(counts))
        } else {
            let counts = WORDS.iter().zip(CODES).map(|(word, code)| match count(code) {
                many @ 1.. if code == "digest" => format!("{word} {many}{BY_DIGEST}"),
                many => format!("{word} {many}"),
            });
            let counts = Vec::from_iter(counts).join(", ");
            format!("{all} forgeries: {counts}\n")
        };
        self.write(&text);
        if self.failed.is_none() {
            self.failed = self.out.flush().err();
        }
        match self.failed {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context(NO_OUTPUT),
            _ => Ok(unseen),
        }
    }

    fn write(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.out.write_all(text.as_bytes()).err();
        }
    }
}

fn line(finding: &Finding) -> String {
    let at = finding.tick.map_or(String::new(), |tick| format!(" {}", tick.0));
    let field = if finding.field.is_empty() { String::new() } else { format!(" {}", finding.field) };
    let place = format!("{}{at}{field}", finding.part);
    let how = finding.caught.how().map_or(String::new(), |how| format!(" ({how})"));
    format!("{place:<52} {:<20} {}{how}", finding.change, finding.caught.word())
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "part": finding.part,
        "tick": finding.tick.map(|tick| tick.0),
        "field": finding.field,
        "change": finding.change,
        "caughtBy": finding.caught.code(),
        "how": finding.caught.how(),
        "seen": finding.caught != Caught::Unseen,
    })
}
