//! Names of the world that are taken, and every kind of text that is not.

use proptest::prelude::*;

use super::characters::{category, depends_on_its_place, is_mark};
use super::*;

fn fault(text: &str) -> NameFault {
    match display_name(text) {
        Ok(name) => panic!("{text:?} is taken, as {:?}", name.as_str()),
        Err(fault) => fault,
    }
}

fn at(character: char, fault: Fault) -> NameFault {
    NameFault::Character { character, fault }
}

const WORLD: [&str; 58] = [
    "Ann",
    "Zoë",
    "O'Brien",
    "José María",
    "Nguyễn Thị Ánh Tuyết",
    "Søren Kierkegård",
    "Łukasz Żółć",
    "Ἀριστοτέλης",
    "Фёдор Достоевский",
    "Ծովինար",
    "ნინო",
    "מֹשֶׁה בֶּן־עַמְרָם",
    "שָּׁ֣לוֹם",
    "محمّد بن سلمان",
    "على ـ آل",
    "علی\u{200c}رضا",
    "می\u{200c}خواهم",
    "گل\u{200c}بهار خانه\u{200c}ام",
    "ܝܘܚܢܢ",
    "अनुष्का शर्मा",
    "लक्ष्मीकान्त",
    "क्\u{200d}ष क्\u{200c}ष",
    "दुर्\u{200d}या वाऱ्\u{200d}हाड",
    "कार्त्स्न्य",
    "র\u{200d}\u{9cd}যাচেল",
    "ರ\u{200d}\u{ccd}ಯಾಂಕ್",
    "ශ්\u{200d}රී ලංකා",
    "தமிழ்ச்செல்வி வாழ்க்கை",
    "മോഹൻ ജോർജ്",
    "గౌతమి",
    "สมชาย ใจดี",
    "น้ำผึ้ง",
    "ສົມພອນ",
    "အောင်ဆန်းစုကြည်",
    "လျှို့ဝှက်",
    "ខ្ញុំ សុខា",
    "བསྟན་འཛིན་རྒྱ་མཚོ",
    "ᠲᠡᠮᠦᠵᠢᠨ ᠨ᠋",
    "김철수",
    "山田太郎",
    "さくら",
    "王小明",
    "葛\u{e0100}城",
    "𠮷野家",
    "ኃይለ ሥላሴ",
    "👨\u{200d}👩\u{200d}👧\u{200d}👦",
    "👩🏽\u{200d}🚀",
    "🏳\u{fe0f}\u{200d}🌈",
    "❤\u{fe0f}\u{200d}🔥",
    "☎\u{fe0e}",
    "👍🏿👍🏻",
    "🇩🇪🇧🇷",
    "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "1\u{fe0f}\u{20e3}#\u{fe0f}\u{20e3}",
    "xX_Sn1per_Xx",
    "...",
    "<b>&\"\\",
    "ﷺ",
];

#[test]
fn names_of_all_the_world_are_taken_as_they_are() {
    for name in WORLD {
        assert_eq!(display_name(name).map(|taken| taken.to_string()), Ok(name.to_owned()), "{name}");
    }
}

#[test]
fn what_shows_nothing_is_no_name_and_no_part_of_one() {
    assert_eq!(fault(""), NameFault::Blank);
    assert_eq!(fault("   "), NameFault::Blank);
    for space in ['\u{a0}', '\u{1680}', '\u{2003}', '\u{202f}', '\u{205f}', '\u{3000}'] {
        assert_eq!(fault(&space.to_string()), at(space, Fault::Space));
        assert_eq!(fault(&format!("Ann{space}B.")), at(space, Fault::Space));
    }
    let ignored = "\u{ad}\u{34f}\u{115f}\u{1160}\u{17b4}\u{180e}\u{200b}\u{2028}\u{2029}\u{2060}\u{2064}\u{206a}\
                   \u{3164}\u{feff}\u{ffa0}\u{fff9}\u{fffa}\u{fffb}\u{1bca0}\u{1d173}\u{e0001}";
    let drawn_blank = "\u{2800}\u{1d159}\u{13441}\u{13442}\u{16fe4}\u{600}\u{6dd}";
    for character in ignored.chars().chain(drawn_blank.chars()) {
        assert_eq!(fault(&character.to_string()), at(character, Fault::Invisible));
        assert_eq!(fault(&format!("Ann{character}B.")), at(character, Fault::Invisible));
    }
}

#[test]
fn what_is_no_character_or_acts_on_others_is_refused() {
    for (characters, expected) in [
        ("\0\u{7}\t\n\r\u{1b}\u{7f}\u{85}\u{9b}", Fault::Control),
        (
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}",
            Fault::Direction,
        ),
        ("\u{fffc}\u{fffd}", Fault::Replacement),
        ("\u{e000}\u{f8ff}\u{f0000}\u{10fffd}", Fault::PrivateUse),
        ("\u{378}\u{fdd0}\u{fffe}\u{ffff}\u{1ffff}\u{50000}\u{e0080}\u{10ffff}", Fault::Unassigned),
    ] {
        for character in characters.chars() {
            assert_eq!(fault(&format!("Ann{character}B.")), at(character, expected));
        }
    }
}

#[test]
fn joiners_stand_only_where_they_do_something() {
    const JOINER: char = '\u{200d}';
    const NON_JOINER: char = '\u{200c}';
    for (text, joiner) in [
        ("\u{200d}", JOINER),
        ("\u{200c}", NON_JOINER),
        ("A\u{200d}nn", JOINER),
        ("A\u{200c}nn", NON_JOINER),
        ("\u{200c}علی", NON_JOINER),
        ("علی\u{200c}", NON_JOINER),
        ("علی\u{200c} رضا", NON_JOINER),
        ("علی\u{200c}\u{200c}رضا", NON_JOINER),
        ("علی\u{200c}\u{200d}رضا", NON_JOINER),
        ("علی\u{200d}رضا", JOINER),
        ("کار\u{200c}ها", NON_JOINER),
        ("क\u{200d}ष", JOINER),
        ("क्\u{200d}", JOINER),
        ("क्\u{200c}\u{200d}ष", NON_JOINER),
        ("क्\u{200d}ा", JOINER),
        ("김\u{200d}철", JOINER),
        ("👩\u{200d}", JOINER),
        ("\u{200d}👩", JOINER),
        ("👩\u{200d}\u{200d}🚀", JOINER),
        ("👩\u{200d}x", JOINER),
        ("👩\u{200c}🚀", NON_JOINER),
    ] {
        assert_eq!(fault(text), at(joiner, Fault::Joiner), "{}", text.escape_unicode());
    }
}

#[test]
fn selectors_and_tags_stand_only_after_what_they_act_on() {
    for (text, selector) in [
        ("\u{fe0f}", '\u{fe0f}'),
        ("Ann\u{fe0f}", '\u{fe0f}'),
        ("1\u{fe0f}", '\u{fe0f}'),
        ("1\u{fe0e}\u{20e3}", '\u{fe0e}'),
        ("😀\u{fe0f}\u{fe0f}", '\u{fe0f}'),
        ("A\u{fe00}", '\u{fe00}'),
        ("A\u{e0100}", '\u{e0100}'),
        ("葛\u{e0100}\u{e0100}", '\u{e0100}'),
        ("A\u{180b}", '\u{180b}'),
    ] {
        assert_eq!(fault(text), at(selector, Fault::Selector), "{}", text.escape_unicode());
    }
    for text in [
        "\u{e0041}",
        "Ann\u{e0067}\u{e0062}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}",
        "🏴\u{e0067}\u{e0062}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e0074}\u{e0074}\u{e007f}",
        "🏴\u{e0041}\u{e0042}\u{e0043}\u{e0044}\u{e007f}",
        "🏴\u{e007f}",
        "👩\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    ] {
        let told = fault(text);
        assert!(matches!(told, NameFault::Character { fault: Fault::Tag, .. }), "{told}");
    }
}

#[test]
fn marks_are_not_piled_up_and_stand_on_something() {
    assert_eq!(fault("\u{301}A"), at('\u{301}', Fault::Baseless));
    assert_eq!(fault("A \u{301}"), at('\u{301}', Fault::Baseless));
    let piled = |marks: &str| format!("z{marks}a");
    assert!(display_name(&piled("\u{335}\u{323}\u{301}\u{489}")).is_ok(), "four");
    assert_eq!(fault(&piled("\u{335}\u{323}\u{301}\u{302}\u{489}")), at('\u{489}', Fault::Stacked));
    assert_eq!(fault("ế\u{304}\u{306}\u{307}"), at('\u{307}', Fault::Stacked), "two are in the letter");
    assert_eq!(fault("A\u{301}\u{301}"), at('\u{301}', Fault::Repeated));
    assert_eq!(fault("Á\u{301}"), at('\u{301}', Fault::Repeated));
    assert!(matches!(fault("Z̴͓̩ͥ̀a̷̡͔͋̽l̶̗̿͂g̵̟̈́̃ȯ̸̲̈́"), NameFault::Character { fault: Fault::Stacked, .. }));
    assert_eq!(fault(&"ស\u{17d2}".repeat(6)), at('ស', Fault::Linked));
    assert_eq!(fault("क्क्क्क्क्क"), at('क', Fault::Linked));
}

#[test]
fn a_name_is_bounded_in_characters_and_in_bytes() {
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
    for whole in ["x".repeat(32), "नि".repeat(16), "ệ".repeat(32), family.repeat(3), "한".repeat(32)] {
        assert!(display_name(&whole).is_ok(), "{whole}");
    }
    assert_eq!(fault(&"x".repeat(33)), NameFault::TooManyCharacters { found: 33 });
    assert_eq!(fault(&"한".repeat(33)), NameFault::TooManyCharacters { found: 33 });
    assert_eq!(fault(&"한".repeat(33)).to_string(), "33 characters, expected at most 32");
    assert_eq!(fault(&family.repeat(4)), NameFault::TooManyBytes { found: 100 });
    assert_eq!(fault(&format!("{}n", "नि".repeat(16))), NameFault::TooManyBytes { found: 97 });
    assert_eq!(fault(&"नि".repeat(17)).to_string(), "102 bytes of UTF-8, expected at most 96");
    assert_eq!(fault(&"\u{202e}".repeat(50_000)), NameFault::TooManyCharacters { found: 50_000 });
}

#[test]
fn spaces_spelling_and_old_chillus_are_put_in_order() {
    for (said, taken) in [
        (" Ann ", "Ann"),
        ("Ann   of  the Dale", "Ann of the Dale"),
        ("Zoe\u{308}", "Zoë"),
        ("\u{1112}\u{1161}\u{11ab}", "한"),
        ("മോഹന\u{d4d}\u{200d}", "മോഹൻ"),
        ("ജോര\u{d4d}\u{200d}ജ\u{d4d}", "ജോർജ്"),
        ("\u{2126}", "Ω"),
        ("ﬁ ℌ Ⅻ", "ﬁ ℌ Ⅻ"),
    ] {
        assert_eq!(display_name(said).map(|name| name.to_string()), Ok(taken.to_owned()), "{said}");
    }
}

#[test]
fn a_fault_is_told_by_number_and_not_by_sight() {
    let told = fault("Ann\u{202e}").to_string();
    assert_eq!(told, "U+202E changes the direction of text, expected only what can be seen");
    assert_eq!(fault("ab\u{1}").to_string(), "U+0001 controls a terminal, expected only what can be seen");
}

fn likely_name() -> impl Strategy<Value = String> {
    let telling = prop::sample::select(
        "aB1 \u{301}\u{323}\u{489}\u{200c}\u{200d}\u{fe0f}\u{fe0e}\u{20e3}\u{a0}\u{3164}\u{2800}\u{202e}\u{ad}\
         علیرह्न\u{94d}कषിന\u{d4d}ស\u{17d2}👩👨🏽🚀❤🏴\u{e0067}\u{e0062}\u{e0073}\u{e007f}🇩🇪葛\u{e0100}ᠨ\u{180b}한"
            .chars()
            .collect::<Vec<_>>(),
    );
    let character = prop_oneof![8 => telling, 1 => any::<char>()];
    proptest::collection::vec(character, 0..40).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60_000))]

    #[test]
    fn whatever_is_taken_can_be_seen_and_is_bounded(text in likely_name()) {
        match display_name(&text) {
            Ok(name) => {
                let name = name.as_str();
                let seen = |c: &char| *c != ' ' && !is_mark(*c) && !depends_on_its_place(*c);
                prop_assert!(name.chars().next().is_some_and(|first| seen(&first)));
                prop_assert!(name.len() <= 96 && name.graphemes(true).count() <= 32);
                let ends_open = name.ends_with([' ', '\u{200c}', '\u{200d}']);
                prop_assert!(!ends_open && !name.contains("  "), "{:?}", name);
                for bad in name.chars().filter(|c| *c != ' ' && characters::fault(*c).is_some()) {
                    prop_assert!(false, "U+{:04X} {:?}", u32::from(bad), category(bad));
                }
                prop_assert_eq!(display_name(name).map(|again| again.to_string()), Ok(name.to_owned()));
            }
            Err(fault) => {
                let told = fault.to_string();
                prop_assert!(told.is_ascii() && told.len() <= 160 && told.contains("expected"), "{}", told);
                prop_assert!(!matches!(fault, NameFault::Bound(_)), "{}", told);
            }
        }
    }
}
