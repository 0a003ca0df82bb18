//! JSON as a tree. Asking an object for a member also checks its type; refusals carry the member's name.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroize;

use super::number::Number;
use super::reader::Reader;
use super::writer::write_string;
use crate::error::{Error, ErrorCode, Result};

/// Any JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A finite number.
    Number(Number),
    /// A string without surrogates and noncharacters.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The text of a string, `None` for any other value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value as compact JSON text.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => number.write(out),
            Self::String(text) => write_string(text, out),
            Self::Array(elements) => {
                out.push('[');
                for (i, element) in elements.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(object) => object.write(out),
        }
    }
}

/// A JSON object: distinct names in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(other, _)| same(other, name)).map(|(_, value)| value)
    }

    /// A string that must be there; else `claim_invalid` with the name.
    pub fn string(&self, name: &'static str) -> Result<&str> {
        self.optional_string(name)?.ok_or(invalid(name))
    }

    /// A string that may be missing; anything else of that name is `claim_invalid`.
    pub fn optional_string(&self, name: &'static str) -> Result<Option<&str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(name)),
        }
    }

    /// An integer of at most 2⁵³ − 1 either way that must be there; else `claim_invalid` with the name.
    pub fn integer(&self, name: &'static str) -> Result<i64> {
        self.optional_integer(name)?.ok_or(invalid(name))
    }

    /// An integer that may be missing; anything else of that name is `claim_invalid`.
    pub fn optional_integer(&self, name: &'static str) -> Result<Option<i64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => number.as_integer().map(Some).ok_or(invalid(name)),
            Some(_) => Err(invalid(name)),
        }
    }

    /// An object that must be there; else `claim_invalid` with the name.
    pub fn object(&self, name: &'static str) -> Result<&Self> {
        self.optional_object(name)?.ok_or(invalid(name))
    }

    /// An object that may be missing; anything else of that name is `claim_invalid`.
    pub fn optional_object(&self, name: &'static str) -> Result<Option<&Self>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(invalid(name)),
        }
    }

    /// The names in the order of the text.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The members in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether all `required` names are there, and no others than those and the `optional` ones.
    pub fn has_exactly(&self, required: &[&str], optional: &[&str]) -> bool {
        required.iter().all(|name| self.get(name).is_some())
            && self.names().all(|name| required.contains(&name) || optional.contains(&name))
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The object as compact JSON text.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    pub(super) fn with_capacity(members: usize) -> Self {
        Self(Vec::with_capacity(members))
    }

    /// Reads the value of a member whose name has just been read.
    pub(crate) fn read_member(
        &mut self,
        name: Cow<'_, str>,
        reader: &mut Reader<'_>,
    ) -> Result<()> {
        // Before the value is read, so that a refusal comes early.
        if self.get(&name).is_some() {
            return Err(ErrorCode::DuplicateMember.into());
        }
        let value = reader.value()?;
        self.0.push((name.into_owned(), value));
        Ok(())
    }

    fn write(&self, out: &mut String) {
        out.push('{');
        for (i, (name, value)) in self.0.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            write_string(name, out);
            out.push(':');
            value.write(out);
        }
        out.push('}');
    }
}

/// For trees that hold private keys: wipes every string in them.
impl Zeroize for Value {
    fn zeroize(&mut self) {
        match self {
            Self::String(text) => text.zeroize(),
            Self::Array(elements) => elements.iter_mut().for_each(Self::zeroize),
            Self::Object(object) => object.zeroize(),
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }
}

/// As for [`Value`].
impl Zeroize for Object {
    fn zeroize(&mut self) {
        for (_, value) in &mut self.0 {
            value.zeroize();
        }
    }
}

/// Whether both are the same text. Names differ in their first letter mostly, which is quicker to see than a call.
#[inline]
pub(super) fn same(left: &str, right: &str) -> bool {
    left.len() == right.len() && left.bytes().next() == right.bytes().next() && left == right
}

pub(super) const fn invalid(name: &'static str) -> Error {
    Error::with_detail(ErrorCode::ClaimInvalid, name)
}
