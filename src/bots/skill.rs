//! Who the bots are, and how well each of them plays.

use combat_components::ids::{DisplayName, PlayerId, Slot};
use combat_components::limits::PLAYERS_MAX;

use crate::session::people::Person;

/// Names of stars, read at a glance on a phone.
const NAMES: [&str; 24] = [
    "Vega",
    "Rigel",
    "Deneb",
    "Altair",
    "Mira",
    "Castor",
    "Electra",
    "Antares",
    "Lyra",
    "Sirius",
    "Maia",
    "Procyon",
    "Atria",
    "Regulus",
    "Nashira",
    "Polaris",
    "Adhara",
    "Canopus",
    "Talitha",
    "Arcturus",
    "Shaula",
    "Bellatrix",
    "Meissa",
    "Sadira",
];

/// A bot of that number within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub player: PlayerId,
    pub name: DisplayName,
    pub skill: Skill,
}

impl Identity {
    pub fn of(number: usize) -> Self {
        let (round, name) = (number / NAMES.len(), NAMES[number % NAMES.len()]);
        let shown = if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) };
        let id = format!("{}{}", PlayerId::BOT_PREFIX, shown.to_lowercase().replace(' ', "-"));
        Self {
            player: PlayerId::new(&id).expect("names are letters, digits and dashes"),
            name: DisplayName::new(&shown).expect("names are short"),
            skill: Skill::of(number),
        }
    }

    /// The bot that holds a seat: which number it has by its id, or else by its slot.
    pub fn seated(slot: Slot, person: Person) -> Self {
        let known = (0..PLAYERS_MAX).find(|number| Self::of(*number).player == person.player);
        let skill = Skill::of(known.unwrap_or(usize::from(slot.0)));
        Self { player: person.player, name: person.name_in(slot), skill }
    }
}

/// How well a bot plays. Angles in 1/65,536 turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skill {
    /// Greatest error of its aim.
    pub error_turn: u16,
    /// From seeing an enemy to the first shot.
    pub reaction_ms: u32,
    /// How fast it turns.
    pub turn_per_s: u32,
    /// Shots of a burst, and how much longer one may be.
    pub burst_rounds: u32,
    pub burst_pause_ms: u32,
    /// How far away it likes its enemies.
    pub distance_mm: i64,
    /// One aim in so many goes for the head.
    pub head_one_in: u32,
}

impl Skill {
    const GRADES: u32 = 5;

    /// Five grades, mixed so that any few bots differ.
    fn of(number: usize) -> Self {
        let grade = (number as u32 * 3) % Self::GRADES;
        Self {
            error_turn: (4_300 - grade * 560) as u16,
            reaction_ms: 700 - grade * 90,
            turn_per_s: 40_000 + grade * 12_000,
            burst_rounds: 3 + grade,
            burst_pause_ms: 900 - grade * 110,
            distance_mm: i64::from(8_000 + (number as u32 * 7 % 6) * 2_000),
            head_one_in: 9 - grade,
        }
    }
}

#[cfg(test)]
mod tests {
    use combat_components::ids::Pseudonym;

    use super::*;

    #[test]
    fn every_place_of_a_session_gets_a_bot_of_its_own() {
        let bots: Vec<Identity> = (0..64).map(Identity::of).collect();
        for (number, bot) in bots.iter().enumerate() {
            assert!(bots[..number].iter().all(|other| other.player != bot.player && other.name != bot.name));
            let person =
                Person { pseudonym: Pseudonym(number as u64), player: bot.player, name: Some(bot.name) };
            assert_eq!(Identity::seated(Slot(63), person), *bot, "its number is in its id");
            assert!(PlayerId::of_person(bot.player.as_str()).is_err(), "no token carries it");
        }
    }
}
