//! `combat replay export`: a session as one file that verifies in an empty directory.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, ensure};
use combat_replays::digest::LogDigest;
use combat_replays::log::Log;
use combat_replays::{file, names};
use combat_systems::kinds::Kinds;

use super::people::{self, People};
use super::source::Opened;
use super::target::Target;
use super::{ExportArgs, print, source};
use crate::cli::{Exit, does_not_hold, this_program};

const NOT_WRITTEN: &str = "damaged, nothing written";

pub fn run(args: &ExportArgs, kinds: &Kinds) -> anyhow::Result<Exit> {
    let found = match source::open(&args.source)? {
        Opened::Log(found) => found,
        Opened::Damaged(error) => return Ok(does_not_hold(NOT_WRITTEN, &error.to_string())),
    };
    let log = &found.log;
    if let Some(lost) = &log.lost {
        return Ok(does_not_hold(
            NOT_WRITTEN,
            &format!("the log ends before tick {}: {}", lost.tick.0, lost.reason),
        ));
    }
    // Every record is read on the way: what is written will read back.
    let digest = match LogDigest::of(log) {
        Ok(digest) => digest,
        Err(damage) => return Ok(does_not_hold(NOT_WRITTEN, &damage.to_string())),
    };
    let people = if args.with_names { People::of(&args.source)? } else { People::default() };
    let names = if !people.0.is_empty() { names::write(&people.0) } else { Vec::new() };
    let output = args.output.display();
    let loses_names = people.0.is_empty() && are_one_file(&args.source.source, &args.output);
    ensure!(
        !(loses_names && people::has_names(&args.output)),
        "{output} is the source, and the names in it would be lost: give another name, or --with-names to keep them"
    );
    let bytes = Target::of(&args.output, args.force)?.write(|file| write(log, &names, file));
    let bytes = bytes.with_context(|| format!("cannot write {output}"))?;
    let ticks = log.last_tick().0;
    let names = match people.0.len() {
        0 if args.with_names => "no names: the source has none".to_owned(),
        0 => "no names".to_owned(),
        1 => "1 name".to_owned(),
        count => format!("{count} names"),
    };
    let next = if found.match_has_ended(kinds) == Some(false) {
        "\nthe match has not ended: verify will call this file incomplete, and end with 1".to_owned()
    } else {
        format!("; try: {} replay verify {output}", this_program())
    };
    print(&format!("{output}: {bytes} bytes, {ticks} ticks, {names}{next}\ndigest {digest}\n"))?;
    Ok(Exit::Good)
}

fn are_one_file(source: &str, output: &Path) -> bool {
    let [source, output] = [Path::new(source), output].map(std::fs::canonicalize);
    source.is_ok_and(|source| output.is_ok_and(|output| source == output))
}

fn write(log: &Log, names: &[u8], target: &mut impl Write) -> std::io::Result<u64> {
    let mut bytes = 0;
    file::write_to(log, &mut |piece| {
        bytes += piece.len() as u64;
        target.write_all(piece)
    })?;
    target.write_all(names)?;
    Ok(bytes + names.len() as u64)
}
