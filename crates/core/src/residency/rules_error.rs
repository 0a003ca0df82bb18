//! What can be wrong with residency rules, each said with the name of what is wrong. Rules are configuration: their names
//! may be shown.

use alloc::string::String;
use core::fmt;

use crate::error::Error;

/// Why rules were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulesError {
    /// Not the JSON that is asked for, or a member is missing or of the wrong type.
    Shape(Error),
    /// A member that no rule has: a misspelt one would silently not hold.
    UnknownMember(String),
    /// There is no area at all.
    NoAreas,
    /// More areas than there may be (`area::MAX_AREAS`).
    TooManyAreas,
    /// A name that is not `a`–`z` and then `a`–`z`, `0`–`9`, `-`, `_`, 32 at most.
    BadName(String),
    /// The same name twice among areas, types of identifiers or types of data.
    Twice(String),
    /// A rule leads to an area that is not among the areas.
    UnknownArea {
        /// The rule: a prefix, a region, a type of data, or `default`.
        rule: String,
        /// The area that it names.
        area: String,
    },
    /// No area for those to whom no other rule applies.
    NoDefault,
    /// No type of identifier.
    NoIdentifierTypes,
    /// A form other than `e164`, `email`, `exact`.
    UnknownForm(String),
    /// An empty prefix, or one that no identifier of the form can begin with.
    BadPrefix(String),
    /// Two prefixes of one type of which one begins with the other: which of them counts would be an accident.
    PrefixesOverlap {
        /// The type of identifier.
        kind: String,
        /// The shorter prefix.
        shorter: String,
        /// The longer prefix.
        longer: String,
    },
    /// A region that is not two capital letters (ISO 3166-1 alpha-2).
    BadRegion(String),
}

impl fmt::Display for RulesError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: &[&str] = match self {
            Self::Shape(error) => return error.fmt(out),
            Self::UnknownMember(name) => &["unknown member \"", name, "\""],
            Self::NoAreas => &["no areas"],
            Self::TooManyAreas => &["more than 64 areas"],
            Self::BadName(name) => &["\"", name, "\" is no name for an area or a type"],
            Self::Twice(name) => &["\"", name, "\" occurs twice"],
            Self::UnknownArea { rule, area } => {
                &["the rule for \"", rule, "\" leads to \"", area, "\", which is no area"]
            }
            Self::NoDefault => &["no default area"],
            Self::NoIdentifierTypes => &["no types of identifiers"],
            Self::UnknownForm(name) => &["\"", name, "\" is no form of identifiers"],
            Self::BadPrefix(prefix) => &["no identifier begins with \"", prefix, "\""],
            Self::PrefixesOverlap { kind, shorter, longer } => {
                &["prefixes of \"", kind, "\" overlap: \"", shorter, "\" and \"", longer, "\""]
            }
            Self::BadRegion(region) => &["\"", region, "\" is no region of ISO 3166-1"],
        };
        parts.iter().try_for_each(|part| out.write_str(part))
    }
}

impl core::error::Error for RulesError {}

impl From<Error> for RulesError {
    fn from(error: Error) -> Self {
        Self::Shape(error)
    }
}
