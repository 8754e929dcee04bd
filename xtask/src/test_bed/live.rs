//! What a person sees while a tier runs: one line that is rewritten on a terminal, a sign of life every minute elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::counts::Counts;

/// Narrow enough not to wrap on a usual terminal.
const COLUMNS_MAX: usize = 100;
const REDRAW_EVERY: Duration = Duration::from_millis(200);
/// A log without a line for minutes looks like one that hangs.
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(60);

pub struct Live {
    tier: &'static str,
    terminal: bool,
    started: Instant,
    drawn: Instant,
    newest_line: String,
}

impl Live {
    pub fn begin(tier: &'static str) -> Self {
        let live = Self {
            tier,
            terminal: std::io::stdout().is_terminal(),
            started: Instant::now(),
            drawn: Instant::now(),
            newest_line: String::new(),
        };
        if !live.terminal {
            println!("{tier}: begins");
        }
        live
    }

    /// Notes the newest line of output.
    pub fn note(&mut self, line: &str) {
        if !line.trim().is_empty() {
            self.newest_line.replace_range(.., line.trim());
        }
    }

    /// Shows where the tier is, if it is time to.
    pub fn show(&mut self, counts: Counts) {
        let every = if self.terminal { REDRAW_EVERY } else { SIGN_OF_LIFE_EVERY };
        if self.drawn.elapsed() < every {
            return;
        }
        self.drawn = Instant::now();
        let (tier, newest) = (self.tier, &self.newest_line);
        let state =
            format!("{tier}: {} s, {} tests, {newest}", self.started.elapsed().as_secs(), counts.passed);
        let state: String = state.chars().filter(|letter| !letter.is_control()).take(COLUMNS_MAX).collect();
        if self.terminal {
            print!("\r\u{1b}[2K{state}");
            drop(std::io::stdout().flush());
        } else {
            println!("{state}");
        }
    }

    /// Replaces the line by the tier's last word.
    pub fn end(&self, summary: &str) {
        let clear = if self.terminal { "\r\u{1b}[2K" } else { "" };
        println!("{clear}{summary}");
    }
}
