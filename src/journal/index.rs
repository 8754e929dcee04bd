//! Which rows hold what: found at start, kept up with every commit, asked by compaction.

use std::collections::{BTreeMap, VecDeque};

use combat_components::ids::SessionId;

use super::row::PartHead;

/// A session without a keyframe for so many commits (60 s at full rate) is compacted without one, so that it
/// does not keep everybody's rows.
pub(super) const ROWS_WITHOUT_KEYFRAME_MAX: u64 = 3000;
/// A chunk's records; one of usual size takes a tenth of it. A larger run is split.
pub(super) const CHUNK_BYTES_MAX: usize = 4 << 20;

/// Where one session's records of a commit lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartAt {
    pub row_no: u64,
    pub head: PartHead,
}

/// Consecutive parts that will make one chunk.
pub(super) type Run = Vec<PartAt>;

#[derive(Debug, Default)]
struct SessionParts {
    parts: VecDeque<PartAt>,
    finished: bool,
}

/// Every row of the journal and the parts no chunk covers yet.
#[derive(Debug, Default)]
pub(super) struct RowIndex {
    first_row_no: u64,
    /// Per row, how many of its parts no chunk covers.
    uncovered: VecDeque<u32>,
    sessions: BTreeMap<SessionId, SessionParts>,
}

impl RowIndex {
    /// Adds the next row. Rows that are missing in between count as covered.
    pub fn add_row<'a>(&mut self, row_no: u64, parts: impl Iterator<Item = &'a PartHead>) {
        if self.uncovered.is_empty() {
            self.first_row_no = row_no;
        }
        while self.next_row_no() < row_no {
            self.uncovered.push_back(0);
        }
        let mut count = 0;
        for head in parts {
            self.sessions.entry(head.session).or_default().parts.push_back(PartAt { row_no, head: *head });
            count += 1;
        }
        self.uncovered.push_back(count);
    }

    fn next_row_no(&self) -> u64 {
        self.first_row_no + self.uncovered.len() as u64
    }

    /// The session will write no more: the rest of its parts make a chunk.
    pub fn finish(&mut self, session: SessionId) {
        if let Some(found) = self.sessions.get_mut(&session) {
            found.finished = true;
        }
    }

    /// What can be compacted now, the oldest rows first, about `budget_bytes` of it.
    pub fn plan(&self, mut budget_bytes: usize) -> Vec<Run> {
        let newest_row_no = self.next_row_no().saturating_sub(1);
        let mut ready: Vec<(u64, Run)> = Vec::new();
        for session in self.sessions.values() {
            let runs = runs(&session.parts, ready_count(session, newest_row_no));
            ready.extend(runs.into_iter().map(|run| (run[0].row_no, run)));
        }
        ready.sort_by_key(|(row_no, _)| *row_no);
        let mut planned = Vec::new();
        for (_, run) in ready {
            if budget_bytes == 0 {
                break;
            }
            budget_bytes = budget_bytes.saturating_sub(bytes_of(&run));
            planned.push(run);
        }
        planned
    }

    /// A run is in a chunk now, or found damaged.
    pub fn cover(&mut self, run: &Run) {
        let Some(last) = run.last() else { return };
        let Some(session) = self.sessions.get_mut(&last.head.session) else {
            return;
        };
        while let Some(part) = session.parts.pop_front_if(|part| part.head.last_tick <= last.head.last_tick) {
            let at = part.row_no.checked_sub(self.first_row_no).and_then(|at| usize::try_from(at).ok());
            if let Some(count) = at.and_then(|at| self.uncovered.get_mut(at)) {
                *count = count.saturating_sub(1);
            }
        }
        if session.finished && session.parts.is_empty() {
            self.sessions.remove(&last.head.session);
        }
    }

    /// The last of the oldest rows that chunks cover wholly; the newest row always stays.
    pub fn deletable_through(&self) -> Option<u64> {
        let rows = self.uncovered.len().saturating_sub(1);
        let covered = self.uncovered.iter().take(rows).take_while(|count| **count == 0).count() as u64;
        covered.checked_sub(1).map(|last| self.first_row_no + last)
    }

    /// These rows are deleted.
    pub fn forget_through(&mut self, row_no: u64) {
        while self.first_row_no <= row_no && self.uncovered.pop_front().is_some() {
            self.first_row_no += 1;
        }
    }
}

/// How many of a session's oldest parts may go into chunks: everything before its newest keyframe.
fn ready_count(session: &SessionParts, newest_row_no: u64) -> usize {
    let parts = &session.parts;
    if session.finished {
        return parts.len();
    }
    let before_keyframe = parts.iter().rposition(|part| part.head.keyframe).unwrap_or(0);
    let oldest_kept = newest_row_no.saturating_sub(ROWS_WITHOUT_KEYFRAME_MAX);
    let overdue = parts.iter().take_while(|part| part.row_no < oldest_kept).count();
    before_keyframe.max(overdue)
}

/// Splits at keyframes, at a new epoch, where ticks are missing and where a chunk would grow too large.
fn runs(parts: &VecDeque<PartAt>, count: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for part in parts.iter().take(count) {
        let goes_on = runs.last().is_some_and(|run| {
            let last = run.last().expect("a run is made of at least one part").head;
            let next = part.head;
            !next.keyframe
                && next.epoch == last.epoch
                && next.first_tick == last.last_tick + 1
                && bytes_of(run) + next.length as usize <= CHUNK_BYTES_MAX
        });
        match runs.last_mut() {
            Some(run) if goes_on => run.push(*part),
            _ => runs.push(vec![*part]),
        }
    }
    runs
}

fn bytes_of(run: &Run) -> usize {
    run.iter().map(|part| part.head.length as usize).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(session: u8, ticks: std::ops::RangeInclusive<u32>, keyframe: bool) -> PartHead {
        PartHead {
            session: SessionId([session; 16]),
            first_tick: *ticks.start(),
            last_tick: *ticks.end(),
            epoch: 1,
            keyframe,
            length: 10,
            checksum: 0,
        }
    }

    fn ticks(runs: &[Run]) -> Vec<(u32, u32)> {
        runs.iter().map(|run| (run[0].head.first_tick, run[run.len() - 1].head.last_tick)).collect()
    }

    #[test]
    fn a_session_is_compacted_up_to_its_newest_keyframe_and_rows_go_when_all_their_parts_are_covered() {
        let mut index = RowIndex::default();
        index.add_row(5, [head(1, 1..=2, true), head(2, 1..=3, true)].iter());
        index.add_row(6, [head(1, 3..=4, false)].iter());
        index.add_row(7, [head(1, 5..=6, true), head(2, 4..=5, false)].iter());
        let plan = index.plan(usize::MAX);
        assert_eq!(ticks(&plan), [(1, 4)]);
        index.cover(&plan[0]);
        assert_eq!(index.deletable_through(), None, "row 5 holds the other session's first ticks");
        index.add_row(8, [head(2, 6..=6, true)].iter());
        let plan = index.plan(usize::MAX);
        assert_eq!(ticks(&plan), [(1, 5)]);
        index.cover(&plan[0]);
        assert_eq!(index.deletable_through(), Some(6));
        index.forget_through(6);
        assert_eq!(index.deletable_through(), None);
        index.finish(SessionId([1; 16]));
        let plan = index.plan(usize::MAX);
        assert_eq!(ticks(&plan), [(5, 6)]);
        index.cover(&plan[0]);
        assert_eq!(index.deletable_through(), Some(7), "the newest row stays");
    }

    #[test]
    fn runs_are_split_at_epochs_gaps_and_size() {
        let mut parts = VecDeque::new();
        let mut add = |head: PartHead| parts.push_back(PartAt { row_no: 1, head });
        add(head(1, 1..=2, false));
        add(PartHead { epoch: 2, ..head(1, 3..=4, false) });
        add(PartHead { epoch: 2, ..head(1, 6..=7, false) });
        add(PartHead { epoch: 2, length: CHUNK_BYTES_MAX as u32, ..head(1, 8..=9, false) });
        assert_eq!(ticks(&runs(&parts, 4)), [(1, 2), (3, 4), (6, 7), (8, 9)]);
    }

    #[test]
    fn a_session_without_keyframes_does_not_keep_rows_for_ever() {
        let mut index = RowIndex::default();
        let rows = ROWS_WITHOUT_KEYFRAME_MAX as u32 + 10;
        for row in 1..=rows {
            index.add_row(u64::from(row), [head(1, row..=row, false)].iter());
        }
        let plan = index.plan(usize::MAX);
        assert_eq!(ticks(&plan), [(1, 9)]);
    }
}
