//! `combat replay export`: a session as one file that verifies in an empty directory.

use std::process::ExitCode;

use anyhow::{Context, bail};
use combat_replays::{file, names};

use super::people::People;
use super::{ExportArgs, source};
use crate::cli::DOES_NOT_HOLD;

pub fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let log = match source::open(&args.source)?.log() {
        Ok(log) => log,
        Err(what) => return Ok(damaged(&what)),
    };
    if let Some(lost) = &log.lost {
        return Ok(damaged(&format!("the log ends before tick {}: {}", lost.tick.0, lost.reason)));
    }
    let mut bytes = file::write(&log);
    if let Err(error) = file::read(&bytes) {
        bail!("what was to be written does not read back: {error}");
    }
    let people = if args.with_names { People::of(&args.source)? } else { People::default() };
    if args.with_names {
        bytes.extend(names::write(&people.0));
    }
    let output = args.output.display();
    std::fs::write(&args.output, &bytes).with_context(|| format!("cannot write {output}"))?;
    println!(
        "{output}: {} bytes, {} ticks, {}; try: {} replay verify {output}",
        bytes.len(),
        log.last_tick().0,
        if args.with_names { format!("{} names", people.0.len()) } else { "no names".to_owned() },
        super::super::this_program()
    );
    Ok(ExitCode::SUCCESS)
}

fn damaged(what: &str) -> ExitCode {
    eprintln!("combat: damaged, nothing written: {what}");
    ExitCode::from(DOES_NOT_HOLD)
}
