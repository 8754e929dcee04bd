//! `combat replay export`: a session as one file that verifies in an empty directory.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use combat_replays::digest::LogDigest;
use combat_replays::log::Log;
use combat_replays::{file, names};

use super::people::People;
use super::source::Opened;
use super::{ExportArgs, print, source};
use crate::cli::{DOES_NOT_HOLD, this_program};

pub fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let found = match source::open(&args.source)? {
        Opened::Log(found) => found,
        Opened::Damaged(error) => return Ok(damaged(&error.to_string())),
    };
    let log = &found.log;
    if let Some(lost) = &log.lost {
        return Ok(damaged(&format!("the log ends before tick {}: {}", lost.tick.0, lost.reason)));
    }
    // Every record is read on the way: what is written will read back.
    let digest = match LogDigest::of(log) {
        Ok(digest) => digest,
        Err(damage) => return Ok(damaged(&damage.to_string())),
    };
    let people = if args.with_names { People::of(&args.source)? } else { People::default() };
    let names = if !people.0.is_empty() { names::write(&people.0) } else { Vec::new() };
    let output = args.output.display();
    let (target, is_new) = target(args)?;
    let bytes = write(log, &names, target).inspect_err(|_| {
        // Half a log is in the way of the next attempt; the error says more than a failure to remove it.
        let _ = is_new.then(|| std::fs::remove_file(&args.output));
    });
    let bytes = bytes.with_context(|| format!("cannot write {output}"))?;
    let ticks = log.last_tick().0;
    let names = match people.0.len() {
        0 if args.with_names => "no names: the source has none".to_owned(),
        0 => "no names".to_owned(),
        1 => "1 name".to_owned(),
        count => format!("{count} names"),
    };
    let next = if found.match_has_ended() == Some(false) {
        "\nthe match has not ended: verify will call this file incomplete, and end with 1".to_owned()
    } else {
        format!("; try: {} replay verify {output}", this_program())
    };
    print(&format!("{output}: {bytes} bytes, {ticks} ticks, {names}{next}\ndigest {digest}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// What to write to, and whether it was made for this.
fn target(args: &ExportArgs) -> anyhow::Result<(File, bool)> {
    let output = args.output.display();
    let opened = match File::create_new(&args.output) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // What is no regular file, such as a pipe, holds nothing that could be lost.
            let is_kept = !args.force && std::fs::metadata(&args.output).is_ok_and(|found| found.is_file());
            ensure!(!is_kept, "{output} is there already: give another name, or --force to replace it");
            File::create(&args.output).map(|file| (file, false))
        }
        opened => opened.map(|file| (file, true)),
    };
    opened.with_context(|| format!("cannot write {output}"))
}

fn write(log: &Log, names: &[u8], target: File) -> std::io::Result<u64> {
    let mut writer = BufWriter::new(target);
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
