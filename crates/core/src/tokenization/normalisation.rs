//! What makes two spellings one value. The vault's word counts; a tokenizer uses it to hand out the same token again.

use alloc::borrow::Cow;
use alloc::string::String;

/// How the values of a field are normalised. A rule never changes under its name: another rule gets another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalisation {
    /// `exact.1`: as it is, byte by byte.
    Exact,
    /// `text.1`: white space at both ends is left out, and each run of it within is one space.
    Text,
    /// `digits.1`: full-width forms become ASCII; spaces, dots, hyphens and parentheses are left out. For phone and card numbers.
    Digits,
    /// `id.1`: as `digits.1`, with ASCII letters in upper case. For identity card numbers, which may end in `x`.
    Id,
    /// `email.1`: white space at both ends is left out, ASCII letters are in lower case.
    Email,
}

impl Normalisation {
    /// Every rule.
    pub const ALL: [Self; 5] = [Self::Exact, Self::Text, Self::Digits, Self::Id, Self::Email];

    /// The name in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact.1",
            Self::Text => "text.1",
            Self::Digits => "digits.1",
            Self::Id => "id.1",
            Self::Email => "email.1",
        }
    }

    /// The rule of that name; `None` for one of a later version.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }

    /// The value in the form that all its spellings share.
    pub fn apply(self, value: &str) -> Cow<'_, str> {
        match self {
            Self::Exact => Cow::Borrowed(value),
            Self::Text => Cow::Owned(joined(value)),
            Self::Digits => Cow::Owned(significant(value).collect()),
            Self::Id => Cow::Owned(significant(value).map(|it| it.to_ascii_uppercase()).collect()),
            Self::Email => Cow::Owned(value.trim().to_ascii_lowercase()),
        }
    }
}

fn joined(value: &str) -> String {
    // Never longer than before, so that no copy is left behind on growing.
    let mut out = String::with_capacity(value.len());
    for word in value.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn significant(value: &str) -> impl Iterator<Item = char> {
    let separates = |it: &char| {
        it.is_whitespace() || matches!(it, '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2015}')
    };
    value.chars().map(half_width).filter(move |it| !separates(it))
}

/// U+FF01 to U+FF5E are ASCII's `!` to `~` in another width.
fn half_width(it: char) -> char {
    match it {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(it) - 0xfee0).unwrap_or(it),
        _ => it,
    }
}
