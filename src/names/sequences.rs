//! What a name holds only beside what it acts on: joiners, variation selectors, tags, and marks at all.

use icu_properties::props::{
    CanonicalCombiningClass, ExtendedPictographic, IndicSyllabicCategory, JoiningType, UnifiedIdeograph,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::characters::{Fault, is_mark};

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';
const EMOJI_SELECTOR: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';
const BLACK_FLAG: char = '\u{1f3f4}';
const TAG_END: char = '\u{e007f}';

/// The tags of a flag: country and region are three to six letters and digits (UTS #51, ED-14a), and then the end.
const FLAG_TAGS: std::ops::RangeInclusive<usize> = 4..=7;

pub(super) fn fault(characters: &[char], at: usize) -> Option<Fault> {
    let (before, character, after) = (&characters[..at], characters[at], &characters[at + 1..]);
    let (holds, fault) = match character {
        ZERO_WIDTH_NON_JOINER => {
            (is_in_conjunct(before, after) || parts_letters(before, after), Fault::Joiner)
        }
        ZERO_WIDTH_JOINER => {
            let joins = is_in_conjunct(before, after) || is_before_virama(before, after);
            (joins || joins_emoji(before, after), Fault::Joiner)
        }
        '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            (selects(before, character, after), Fault::Selector)
        }
        '\u{e0020}'..='\u{e007f}' => (is_in_flag(characters, at), Fault::Tag),
        _ => (!is_mark(character) || before.last().is_some_and(|base| *base != ' '), Fault::Baseless),
    };
    (!holds).then_some(fault)
}

/// RFC 5892, A.1 and A.2, and UAX #31: after a virama a joiner chooses between half forms, ligatures and neither. Here a
/// letter must follow, so that it chooses something.
fn is_in_conjunct(before: &[char], after: &[char]) -> bool {
    let class = CodePointMapData::<CanonicalCombiningClass>::new();
    before.last().is_some_and(|last| class.get(*last) == CanonicalCombiningClass::Virama)
        && after.first().is_some_and(|next| next.is_alphabetic() && !is_mark(*next))
}

/// Ra before a form of ya that would else hide it, in Bengali and Kannada (The Unicode Standard, 12.2 and 12.8).
fn is_before_virama(before: &[char], after: &[char]) -> bool {
    let class = CodePointMapData::<IndicSyllabicCategory>::new();
    let is_consonant =
        |letter: Option<&char>| letter.is_some_and(|c| class.get(*c) == IndicSyllabicCategory::Consonant);
    is_consonant(before.last())
        && after.first().is_some_and(|next| class.get(*next) == IndicSyllabicCategory::Virama)
        && is_consonant(after.get(1))
}

/// RFC 5892, A.1: between two letters that would be drawn joined.
fn parts_letters(before: &[char], after: &[char]) -> bool {
    let joining = |letter: &char| CodePointMapData::<JoiningType>::new().get(*letter);
    let is_seen = |kind: &JoiningType| *kind != JoiningType::Transparent;
    let left = before.iter().rev().map(joining).find(is_seen);
    let right = after.iter().map(joining).find(is_seen);
    matches!(left, Some(JoiningType::DualJoining | JoiningType::LeftJoining))
        && matches!(right, Some(JoiningType::DualJoining | JoiningType::RightJoining))
}

fn is_emoji(character: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(character)
}

/// UTS #51, ED-15a: between two elements, the first of which may have a tone of skin or a selector.
fn joins_emoji(before: &[char], after: &[char]) -> bool {
    let is_more = |c: &&char| matches!(**c, EMOJI_SELECTOR | '\u{1f3fb}'..='\u{1f3ff}');
    before.iter().rev().find(|c| !is_more(c)).is_some_and(|c| is_emoji(*c))
        && after.first().is_some_and(|c| is_emoji(*c))
}

/// Text or emoji for an emoji and an emoji for a keycap; variants of ideographs; variants of Mongolian letters.
fn selects(before: &[char], selector: char, after: &[char]) -> bool {
    let Some(&base) = before.last() else { return false };
    match (selector, base) {
        (EMOJI_SELECTOR, '0'..='9' | '#' | '*') => after.first() == Some(&KEYCAP),
        ('\u{fe0e}' | EMOJI_SELECTOR, _) => is_emoji(base),
        ('\u{180b}'..='\u{180d}' | '\u{180f}', _) => matches!(base, '\u{1820}'..='\u{18aa}'),
        ('\u{fe00}'..='\u{fe02}' | '\u{e0100}'..='\u{e01ef}', _) => {
            CodePointSetData::new::<UnifiedIdeograph>().contains(base)
        }
        _ => false,
    }
}

fn is_in_flag(characters: &[char], at: usize) -> bool {
    let is_tag = |c: &char| matches!(*c, '\u{e0020}'..='\u{e007f}');
    let Some(flag) = characters[..at].iter().rposition(|c| !is_tag(c)) else { return false };
    let tags = &characters[flag + 1..];
    let tags = &tags[..tags.iter().position(|c| !is_tag(c)).unwrap_or(tags.len())];
    let is_of_region = |c: &char| matches!(*c, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}');
    characters[flag] == BLACK_FLAG
        && FLAG_TAGS.contains(&tags.len())
        && tags.split_last().is_some_and(|(end, region)| *end == TAG_END && region.iter().all(is_of_region))
}
