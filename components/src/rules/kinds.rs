//! What a kind of weapon, ability or effect reads from a ruleset beside the keys that all of them have.

use std::ops::RangeInclusive;

use arrayvec::ArrayVec;

/// Keys that one kind may have of its own.
pub const OWN_KEYS_MAX: usize = 16;

/// A key of a kind: a whole number, whose unit ends its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub name: &'static str,
    pub min: i32,
    pub max: i32,
}

impl Key {
    pub const fn new(name: &'static str, range: RangeInclusive<i32>) -> Self {
        Self { name, min: *range.start(), max: *range.end() }
    }
}

/// Numbers that are in range one by one and do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// Where a studio is to look …
    pub key: &'static str,
    /// … and for what: `expected more than falloff_from_mm = 25000, found 25000`.
    pub message: String,
}

/// A kind as the loader of rulesets knows it.
#[derive(Clone, Copy, Debug)]
pub struct KindKeys {
    /// As a ruleset names it.
    pub name: &'static str,
    /// At most [`OWN_KEYS_MAX`].
    pub keys: &'static [Key],
    pub check: fn(&OwnNumbers) -> Result<(), Unfit>,
}

impl KindKeys {
    /// A kind whose numbers fit each other whenever each is in range.
    pub const fn new(name: &'static str, keys: &'static [Key]) -> Self {
        assert!(keys.len() <= OWN_KEYS_MAX, "a kind has more keys than OWN_KEYS_MAX");
        Self { name, keys, check: |_| Ok(()) }
    }

    /// As [`Self::new`], with a relation between numbers to be kept.
    pub const fn checked(self, check: fn(&OwnNumbers) -> Result<(), Unfit>) -> Self {
        Self { check, ..self }
    }
}

/// The kinds that a ruleset may name.
#[derive(Clone, Debug, Default)]
pub struct RuleKinds {
    /// The first is meant where a weapon names none.
    pub weapons: Vec<KindKeys>,
    pub abilities: Vec<KindKeys>,
    pub effects: Vec<KindKeys>,
}

/// The numbers that a kind has of its own, in the order of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnNumbers {
    keys: &'static [Key],
    values: ArrayVec<i32, OWN_KEYS_MAX>,
}

impl OwnNumbers {
    /// `value` is asked for every key in turn.
    ///
    /// # Errors
    /// The first that `value` gives.
    pub fn read<E>(
        keys: &'static [Key],
        value: impl FnMut(&'static Key) -> Result<i32, E>,
    ) -> Result<Self, E> {
        Ok(Self { keys, values: keys.iter().map(value).collect::<Result<_, _>>()? })
    }

    pub fn values(&self) -> impl Iterator<Item = i32> + '_ {
        self.values.iter().copied()
    }

    /// Every key with its number, for whoever shows a ruleset.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, i32)> + '_ {
        self.keys.iter().map(|key| key.name).zip(self.values())
    }

    /// `None` for a key that the kind does not have.
    pub fn get(&self, name: &str) -> Option<i32> {
        self.named().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// For tests and tools that try other numbers than a studio wrote.
    ///
    /// # Panics
    /// When the kind has no such key, or the number is out of its range.
    pub fn set(&mut self, name: &str, value: i32) {
        let place = self.keys.iter().position(|key| key.name == name);
        let place = place.unwrap_or_else(|| panic!("no key {name:?} among {:?}", self.keys));
        let Key { min, max, .. } = self.keys[place];
        assert!((min..=max).contains(&value), "{name} = {value} is not within {min} to {max}");
        self.values[place] = value;
    }
}

/// Declares the numbers of a kind: a plain struct, its keys with their ranges, and how it is made of [`OwnNumbers`].
#[macro_export]
macro_rules! own_numbers {
    (
        $(#[$doc:meta])*
        $visibility:vis struct $name:ident { $($(#[$field_doc:meta])* $field:ident in $range:expr,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visibility struct $name {
            $($(#[$field_doc])* pub $field: i32,)+
        }

        impl $name {
            pub const KEYS: &'static [$crate::rules::kinds::Key] =
                &[$($crate::rules::kinds::Key::new(stringify!($field), $range),)+];

            /// # Panics
            /// When they are the numbers of another kind.
            pub fn of(numbers: &$crate::rules::kinds::OwnNumbers) -> Self {
                let mut values = numbers.values();
                let mut next = || values.next().expect("a kind is given the numbers that it declares");
                $(let $field = next();)+
                Self { $($field,)+ }
            }
        }
    };
}
