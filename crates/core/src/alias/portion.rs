//! Which characters of an identifier are converted, as one integer of mixed radix, and the way back into the same shape.

use alloc::string::String;
use alloc::vec::Vec;

use super::identifier::{AccountIdentifier, CharacterClass};
use super::wide::Wide;

/// How many characters are converted at most: 26⁴⁸ fits into 226 bits.
pub const MAX_CHARACTERS: usize = 48;

/// Which characters stay as they are: the first and the last so many, beside all symbols. What stays is seen by everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortionRule {
    /// Characters at the beginning, such as those that name a bank.
    pub keep_first: u8,
    /// Characters at the end, such as those that a user recognises.
    pub keep_last: u8,
}

/// A character that is converted.
#[derive(Clone, Copy)]
struct Place {
    index: usize,
    radix: u32,
    first: u8,
}

/// The converted characters of one identifier, the most significant first.
pub(super) struct Portion<'a> {
    text: &'a str,
    places: Vec<Place>,
}

impl<'a> Portion<'a> {
    /// All digits and letters that the rule does not keep; the last [`MAX_CHARACTERS`] of them.
    pub(super) fn of(identifier: &'a AccountIdentifier, rule: PortionRule) -> Self {
        Self::select(identifier, rule, MAX_CHARACTERS, |_| true)
    }

    /// All digits that the rule does not keep; the last `most` of them.
    pub(super) fn digits_of(
        identifier: &'a AccountIdentifier,
        rule: PortionRule,
        most: usize,
    ) -> Self {
        Self::select(identifier, rule, most, |class| class == CharacterClass::Digit)
    }

    fn select(
        identifier: &'a AccountIdentifier,
        rule: PortionRule,
        most: usize,
        wanted: impl Fn(CharacterClass) -> bool,
    ) -> Self {
        let text = identifier.as_str();
        let end = text.len().saturating_sub(usize::from(rule.keep_last));
        let places = text.bytes().enumerate().take(end).skip(usize::from(rule.keep_first));
        let places = places.filter_map(|(index, byte)| {
            let class = CharacterClass::of(byte).filter(|class| wanted(*class))?;
            let (radix, first) = class.wheel()?;
            Some(Place { index, radix, first })
        });
        let mut places: Vec<Place> = places.collect();
        places.drain(..places.len().saturating_sub(most));
        Self { text, places }
    }

    /// How many characters there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// How many portions of this shape there are.
    pub(super) fn domain(&self) -> Wide {
        self.places.iter().fold(Wide::ONE, |domain, place| domain.times_plus(place.radix, 0))
    }

    /// The portion as a number below [`Self::domain`].
    pub(super) fn number(&self) -> Wide {
        let bytes = self.text.as_bytes();
        self.places.iter().fold(Wide::ZERO, |number, place| {
            let byte = bytes.get(place.index).copied().unwrap_or(place.first);
            number.times_plus(place.radix, u32::from(byte - place.first))
        })
    }

    /// The identifier with another portion: `number` is below [`Self::domain`].
    pub(super) fn put_back(&self, mut number: Wide) -> String {
        let mut text: Vec<u8> = self.text.bytes().collect();
        for place in self.places.iter().rev() {
            let (rest, digit) = number.divided_by(place.radix);
            number = rest;
            if let Some(byte) = text.get_mut(place.index) {
                *byte = place.first + digit as u8;
            }
        }
        text.into_iter().map(char::from).collect()
    }
}
