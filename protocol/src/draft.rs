//! Which draft of version 1 this is.

/// The newest line of the ledger of golden bytes, which binds a digest of them to each number. Until the first release
/// (tag v0.1) the protocol may change: then this rises, and the subprotocol's name stays.
pub const DRAFT: u32 = newest(include_bytes!("../golden/VERSIONS"));

/// How many lines are there that are not of the head: drafts are counted from 1.
const fn newest(ledger: &[u8]) -> u32 {
    let (mut count, mut at) = (0, 0);
    while at < ledger.len() {
        if ledger[at] != b'#' && (at == 0 || ledger[at - 1] == b'\n') {
            count += 1;
        }
        at += 1;
    }
    count
}
