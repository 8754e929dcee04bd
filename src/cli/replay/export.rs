//! `combat replay export`: a session as one file that verifies in an empty directory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use combat_replays::digest::LogDigest;
use combat_replays::log::Log;
use combat_replays::{file, names};

use super::people::People;
use super::source::{Found, Opened};
use super::{ExportArgs, print, source};
use crate::cli::{DOES_NOT_HOLD, this_program};

pub fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let Found { log, kept } = match source::open(&args.source)? {
        Opened::Log(found) => *found,
        Opened::Damaged(error) => return Ok(damaged(&error.to_string())),
    };
    if let Some(lost) = &log.lost {
        return Ok(damaged(&format!("the log ends before tick {}: {}", lost.tick.0, lost.reason)));
    }
    // Every record is read on the way: what is written will read back.
    let digest = match LogDigest::of(&log) {
        Ok(digest) => digest,
        Err(damage) => return Ok(damaged(&damage.to_string())),
    };
    let people = if args.with_names { People::of(&args.source)? } else { People::default() };
    let names = if args.with_names { names::write(&people.0) } else { Vec::new() };
    let output = args.output.display();
    let bytes = write(&log, &names, &args.output).with_context(|| format!("cannot write {output}"))?;
    let ticks = log.last_tick().0;
    let names = match people.0.len() {
        0 => "no names".to_owned(),
        1 => "1 name".to_owned(),
        count => format!("{count} names"),
    };
    let next = if kept.is_some_and(|kept| kept.is_live) {
        "\nthe match has not ended: verify will call this file incomplete, and end with 1".to_owned()
    } else {
        format!("; try: {} replay verify {output}", this_program())
    };
    print(&format!("{output}: {bytes} bytes, {ticks} ticks, {names}{next}\ndigest {digest}\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn write(log: &Log, names: &[u8], output: &Path) -> std::io::Result<u64> {
    let mut writer = BufWriter::new(File::create(output)?);
    let mut bytes = 0;
    file::write_to(log, &mut |piece| {
        bytes += piece.len() as u64;
        writer.write_all(piece)
    })?;
    writer.write_all(names)?;
    writer.flush()?;
    Ok(bytes + names.len() as u64)
}

fn damaged(what: &str) -> ExitCode {
    eprintln!("combat: damaged, nothing written: {what}");
    ExitCode::from(DOES_NOT_HOLD)
}
