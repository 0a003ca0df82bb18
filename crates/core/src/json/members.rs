//! A JSON object of which each string is left in the text: for claims, that are looked at once and then passed on as text.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::reader::Reader;
use super::value::{Object, Value, invalid, same};
use crate::error::{ErrorCode, Result};

/// As [`Object`], borrowed from its text. It is read as strictly.
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, Member<'a>)>);

/// The value of a member.
pub(crate) enum Member<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// Anything else.
    Other(Value),
}

impl<'a> Members<'a> {
    /// Reads one JSON object of up to `limit` bytes. Errors: as `parse_object`.
    pub(crate) fn parse_within(limit: usize, text: &'a str) -> Result<Self> {
        let mut reader = Reader::of_text(limit, text)?;
        reader.enter_object()?;
        let mut members = Self(Vec::with_capacity(16));
        let mut count = 0;
        while let Some(name) = reader.next_name(&mut count)? {
            if members.get(&name).is_some() {
                return Err(ErrorCode::DuplicateMember.into());
            }
            let member = match reader.optional_string()? {
                Some(text) => Member::Text(text),
                None => Member::Other(reader.value()?),
            };
            members.0.push((name, member));
        }
        reader.finish()?;
        Ok(members)
    }

    /// The member of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Member<'a>> {
        self.0.iter().find(|(other, _)| same(other, name)).map(|(_, member)| member)
    }

    /// As [`Object::string`].
    pub(crate) fn string(&self, name: &'static str) -> Result<&str> {
        self.optional_string(name)?.ok_or(invalid(name))
    }

    /// As [`Object::optional_string`].
    pub(crate) fn optional_string(&self, name: &'static str) -> Result<Option<&str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Member::Text(text)) => Ok(Some(text)),
            Some(Member::Other(_)) => Err(invalid(name)),
        }
    }

    /// As [`Object::optional_integer`].
    pub(crate) fn optional_integer(&self, name: &'static str) -> Result<Option<i64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Member::Other(Value::Number(number))) => {
                number.as_integer().map(Some).ok_or(invalid(name))
            }
            Some(_) => Err(invalid(name)),
        }
    }

    /// As [`Object::optional_object`].
    pub(crate) fn optional_object(&self, name: &'static str) -> Result<Option<&Object>> {
        match self.get(name) {
            None => Ok(None),
            Some(Member::Other(Value::Object(object))) => Ok(Some(object)),
            Some(_) => Err(invalid(name)),
        }
    }
}
