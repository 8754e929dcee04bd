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
    // Every record is read on the way: what is written will read back.
    let digest = match LogDigest::of(&log) {
        Ok(digest) => digest,
        Err(damage) => return Ok(damaged(&damage.to_string())),
    };
    let people = if args.with_names { People::of(&args.source)? } else { People::default() };
    let names = if args.with_names { names::write(&people.0) } else { Vec::new() };
    let output = args.output.display();
    let bytes = write(&log, &names, &args.output).with_context(|| format!("cannot write {output}"))?;
    println!(
        "{output}: {bytes} bytes, {} ticks, {}; try: {} replay verify {output}\ndigest {digest}",
        log.last_tick().0,
        if args.with_names { format!("{} names", people.0.len()) } else { "no names".to_owned() },
        super::super::this_program()
    );
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
