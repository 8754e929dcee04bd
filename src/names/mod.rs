//! What a person may call himself: what others can see, of a length that a scoreboard has room for, and nothing that
//! changes how the text around it is shown. Applied where a name is said, never to what is already stored: what is
//! assigned or joins depends on the version of Unicode.

use std::borrow::Cow;

use combat_components::ids::{DisplayName, IdError};
use combat_components::limits::{DISPLAY_NAME_BYTES_MAX, DISPLAY_NAME_CHARACTERS_MAX};
use icu_normalizer::ComposingNormalizerBorrowed;
use thiserror::Error;
use unicode_segmentation::UnicodeSegmentation;

mod characters;
mod sequences;
mod stacks;
#[cfg(test)]
mod tests;

pub use characters::Fault;
pub use stacks::{LINKS_MAX, MARKS_MAX};

/// Why a text is no display name: what was wrong, by number instead of by sight, and what was expected.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NameFault {
    #[error("no text, expected 1 to {DISPLAY_NAME_CHARACTERS_MAX} characters")]
    NoText,
    #[error("nothing but spaces, expected 1 to {DISPLAY_NAME_CHARACTERS_MAX} characters that can be seen")]
    Blank,
    #[error("{found} characters, expected at most {DISPLAY_NAME_CHARACTERS_MAX}")]
    TooManyCharacters { found: usize },
    #[error("{found} bytes of UTF-8, expected at most {DISPLAY_NAME_BYTES_MAX}")]
    TooManyBytes { found: usize },
    #[error("U+{:04X} {fault}", u32::from(*.character))]
    Character { character: char, fault: Fault },
    #[error(transparent)]
    Bound(#[from] IdError),
}

/// The name that a text means, as it is kept and shown: in NFC, without spaces at its ends, and with one where there
/// were several.
///
/// # Errors
/// What is wrong with it first.
pub fn display_name(text: &str) -> Result<DisplayName, NameFault> {
    let text = tidied(text);
    if text.is_empty() {
        return Err(NameFault::Blank);
    }
    let found = text.graphemes(true).count();
    if found > DISPLAY_NAME_CHARACTERS_MAX {
        return Err(NameFault::TooManyCharacters { found });
    }
    let found = text.len();
    if found > DISPLAY_NAME_BYTES_MAX {
        return Err(NameFault::TooManyBytes { found });
    }
    let characters: Vec<char> = text.chars().collect();
    let wrong = (0..characters.len()).find_map(|at| {
        let fault = characters::fault(characters[at]).or_else(|| sequences::fault(&characters, at));
        fault.map(|fault| (characters[at], fault))
    });
    if let Some((character, fault)) = wrong.or_else(|| stacks::fault(&text)) {
        return Err(NameFault::Character { character, fault });
    }
    Ok(DisplayName::new(&text)?)
}

/// RFC 8266 (Nicknames), 2.1, with NFC in place of NFKC: nobody's letters become others.
fn tidied(text: &str) -> String {
    let words = text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&words);
    CHILLUS.into_iter().fold(composed, with_one_chillu).into_owned()
}

/// Malayalam's chillu letters as they were spelled before Unicode 5.1, with a joiner that would end many a name, and as
/// they are now (The Unicode Standard, 12.9).
const CHILLUS: [(&str, &str); 6] = [
    ("\u{d23}\u{d4d}\u{200d}", "\u{d7a}"),
    ("\u{d28}\u{d4d}\u{200d}", "\u{d7b}"),
    ("\u{d30}\u{d4d}\u{200d}", "\u{d7c}"),
    ("\u{d32}\u{d4d}\u{200d}", "\u{d7d}"),
    ("\u{d33}\u{d4d}\u{200d}", "\u{d7e}"),
    ("\u{d15}\u{d4d}\u{200d}", "\u{d7f}"),
];

fn with_one_chillu<'a>(text: Cow<'a, str>, (spelled, letter): (&str, &str)) -> Cow<'a, str> {
    match text.contains(spelled) {
        true => Cow::Owned(text.replace(spelled, letter)),
        false => text,
    }
}
