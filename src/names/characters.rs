//! What no name holds, whatever stands around it.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use thiserror::Error;

use super::stacks::{LINKS_MAX, MARKS_MAX};

/// What is wrong with a character; its number is told before.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    #[error("controls a terminal, expected only what can be seen")]
    Control,
    #[error("changes the direction of text, expected only what can be seen")]
    Direction,
    #[error("shows nothing, expected U+0020 for a space")]
    Space,
    #[error("shows nothing, expected only what can be seen")]
    Invisible,
    #[error("stands for something else, expected only what can be seen")]
    Replacement,
    #[error("is for private use, expected a character of Unicode")]
    PrivateUse,
    #[error("is not assigned, expected a character of Unicode")]
    Unassigned,
    #[error(
        "joins or parts nothing here, expected it only within a word of a script that needs it or an emoji"
    )]
    Joiner,
    #[error("selects no form here, expected it only after an emoji or a letter that has one")]
    Selector,
    #[error("is a tag, expected it only in the flag of a region")]
    Tag,
    #[error("is a mark on nothing, expected a letter before it")]
    Baseless,
    #[error("is one mark too many, expected at most {MARKS_MAX} on a letter")]
    Stacked,
    #[error("repeats the mark before it, expected each once on a letter")]
    Repeated,
    #[error("is one letter too many in a stack, expected at most {LINKS_MAX} after the first")]
    Linked,
}

/// Letters and symbols that are drawn as nothing although Unicode does not say so in a property: blank Braille, a null
/// notehead, blanks of Egyptian writing and a filler of Khitan.
const BLANKS: [char; 5] = ['\u{2800}', '\u{1d159}', '\u{13441}', '\u{13442}', '\u{16fe4}'];

pub(super) fn category(character: char) -> GeneralCategory {
    CodePointMapData::new().get(character)
}

pub(super) fn is_mark(character: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    matches!(category(character), EnclosingMark | NonspacingMark | SpacingMark)
}

/// Joiners, variation selectors and tags show something by what stands beside them.
pub(super) fn depends_on_its_place(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}' | '\u{180b}'..='\u{180d}' | '\u{180f}')
        || matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

pub(super) fn fault(character: char) -> Option<Fault> {
    if character == ' ' || depends_on_its_place(character) {
        return None;
    }
    match (character, category(character)) {
        ('\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}', _) => {
            Some(Fault::Direction)
        }
        ('\u{fffc}' | '\u{fffd}', _) => Some(Fault::Replacement),
        (_, GeneralCategory::Control) => Some(Fault::Control),
        (_, GeneralCategory::SpaceSeparator) => Some(Fault::Space),
        (
            _,
            GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::Surrogate,
        ) => Some(Fault::Invisible),
        (_, GeneralCategory::PrivateUse) => Some(Fault::PrivateUse),
        (_, GeneralCategory::Unassigned) => Some(Fault::Unassigned),
        _ if BLANKS.contains(&character)
            || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character) =>
        {
            Some(Fault::Invisible)
        }
        _ => None,
    }
}
