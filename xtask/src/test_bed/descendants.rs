//! Ending a command that ran out of time together with everything it started.

use std::fs;
use std::process::{Child, Command};

/// Ends the children's children first, so that none is left behind holding a port.
pub fn kill(child: &mut Child) {
    let mut ids = Vec::new();
    collect(child.id(), &mut ids);
    for id in ids.iter().rev() {
        drop(Command::new("kill").args(["-9", &id.to_string()]).status());
    }
    drop(child.kill());
}

fn collect(parent: u32, ids: &mut Vec<u32>) {
    let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    for thread in threads {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for id in children.split_whitespace().filter_map(|word| word.parse().ok()) {
            ids.push(id);
            collect(id, ids);
        }
    }
}
