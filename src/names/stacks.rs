//! How high a name may be piled: marks on a letter, and letters that hang beneath others.

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, IndicSyllabicCategory};

use super::characters::{Fault, category};

/// Nonspacing and enclosing marks in a row (UTS #39, 5.4), counted in NFD. Vietnamese takes two, Thai two, a pointed and
/// cantillated Hebrew letter four, and so does လျှို့ in Burmese; marks that stand beside their letter do not count.
pub const MARKS_MAX: usize = 4;

/// Letters linked to the one before by a virama or stacker, without a vowel between: Sanskrit's longest, कार्त्स्न्य, has four.
pub const LINKS_MAX: usize = 4;

/// The first character that is piled too high.
pub(super) fn fault(text: &str) -> Option<(char, Fault)> {
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    let (mut marks, mut links) = (0, 0);
    let (mut last, mut is_linked) = (None, false);
    for character in decomposed.chars() {
        match category(character) {
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark => {
                marks += 1;
                is_linked |= links_to_the_next(character);
                if last.replace(character) == Some(character) {
                    return Some((character, Fault::Repeated));
                }
                if marks > MARKS_MAX {
                    return Some((character, Fault::Stacked));
                }
            }
            GeneralCategory::SpacingMark | GeneralCategory::Format => {
                is_linked |= links_to_the_next(character);
            }
            _ => {
                links = if is_linked { links + 1 } else { 0 };
                if links > LINKS_MAX {
                    return Some((character, Fault::Linked));
                }
                (marks, last, is_linked) = (0, None, false);
            }
        }
    }
    None
}

fn links_to_the_next(mark: char) -> bool {
    let kind = CodePointMapData::<IndicSyllabicCategory>::new().get(mark);
    matches!(kind, IndicSyllabicCategory::Virama | IndicSyllabicCategory::InvisibleStacker)
}
