//! The pull reader under `parse`: one pass, no look-back, strings borrowed where they have no escapes.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::number::Number;
use super::value::{Object, Value};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::{MAX_ELEMENTS, MAX_JSON_BYTES, MAX_JSON_DEPTH, MAX_MEMBERS};

/// A position in a JSON text.
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Result<Self> {
        if text.len() > MAX_JSON_BYTES {
            return Err(ErrorCode::LimitExceeded.into());
        }
        Self::of_text(MAX_JSON_BYTES, core::str::from_utf8(text).map_err(|_| malformed())?)
    }

    /// As [`Self::new`], of what is known to be UTF-8, with a limit of its own to the length.
    pub(crate) const fn of_text(limit: usize, text: &'a str) -> Result<Self> {
        if text.len() > limit {
            return Err(Error::new(ErrorCode::LimitExceeded));
        }
        Ok(Self { text, at: 0, depth: 0 })
    }

    /// Reads any value.
    pub(crate) fn value(&mut self) -> Result<Value> {
        self.skip_white_space();
        match self.peek() {
            Some(b'"') => self.string().map(|text| Value::String(text.into_owned())),
            Some(b'{') => self.object().map(Value::Object),
            Some(b'[') => self.array().map(Value::Array),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            _ => self.number().map(Value::Number),
        }
    }

    /// Reads any value and gives its text.
    #[cfg(feature = "platforms")]
    pub(crate) fn raw_value(&mut self) -> Result<&'a str> {
        self.skip_white_space();
        let start = self.at;
        self.value()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Reads a string if there is one next.
    pub(crate) fn optional_string(&mut self) -> Result<Option<Cow<'a, str>>> {
        self.skip_white_space();
        if self.peek() == Some(b'"') { self.string().map(Some) } else { Ok(None) }
    }

    /// Reads a string; borrowed unless it has escapes.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>> {
        self.skip_white_space();
        self.expect(b'"')?;
        let plain = self.plain_run()?;
        if self.take(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = String::from(plain);
        loop {
            // A run ends at a quote or a backslash only.
            if self.take(b'"') {
                return Ok(Cow::Owned(text));
            }
            text.push(self.escape()?);
            text.push_str(self.plain_run()?);
        }
    }

    /// Enters an object. Then [`Self::next_name`] and one value take turns until there is no next name.
    pub(crate) fn enter_object(&mut self) -> Result<()> {
        self.skip_white_space();
        self.enter(b'{')
    }

    /// The name of the next member, or `None` at the end of the object. `count` starts at 0 and belongs to this object.
    pub(crate) fn next_name(&mut self, count: &mut usize) -> Result<Option<Cow<'a, str>>> {
        if !self.next_item(b'}', count, MAX_MEMBERS)? {
            return Ok(None);
        }
        let name = self.string()?;
        self.skip_white_space();
        self.expect(b':')?;
        Ok(Some(name))
    }

    /// Makes sure that nothing follows.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.skip_white_space();
        if self.at == self.text.len() { Ok(()) } else { Err(malformed()) }
    }

    fn object(&mut self) -> Result<Object> {
        self.enter_object()?;
        let mut object = Object::with_capacity(8);
        let mut count = 0;
        while let Some(name) = self.next_name(&mut count)? {
            object.read_member(name, self)?;
        }
        Ok(object)
    }

    fn array(&mut self) -> Result<Vec<Value>> {
        self.enter(b'[')?;
        let mut elements = Vec::new();
        let mut count = 0;
        while self.next_item(b']', &mut count, MAX_ELEMENTS)? {
            elements.push(self.value()?);
        }
        Ok(elements)
    }

    fn enter(&mut self, open: u8) -> Result<()> {
        self.expect(open)?;
        self.depth += 1;
        if self.depth > MAX_JSON_DEPTH {
            return Err(ErrorCode::LimitExceeded.into());
        }
        Ok(())
    }

    /// Steps over the comma or the closing bracket; whether there is another item.
    fn next_item(&mut self, close: u8, count: &mut usize, limit: usize) -> Result<bool> {
        self.skip_white_space();
        if self.take(close) {
            self.depth -= 1;
            return Ok(false);
        }
        if *count > 0 {
            self.expect(b',')?;
        }
        *count += 1;
        if *count > limit {
            return Err(ErrorCode::LimitExceeded.into());
        }
        Ok(true)
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(malformed());
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Number> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        let token = self.text.get(start..self.at).ok_or_else(malformed)?;
        Number::from_token(token).ok_or_else(malformed)
    }

    fn digits(&mut self) -> Result<()> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(malformed()) } else { Ok(()) }
    }

    /// Characters up to the next quote or backslash, which there must be.
    fn plain_run(&mut self) -> Result<&'a str> {
        let start = self.at;
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
        self.at += self.rest().iter().position(special).ok_or_else(malformed)?;
        if !matches!(self.peek(), Some(b'"' | b'\\')) {
            return Err(malformed());
        }
        let run = self.text.get(start..self.at).ok_or_else(malformed)?;
        if !run.is_ascii() && run.chars().any(is_noncharacter) {
            return Err(malformed());
        }
        Ok(run)
    }

    fn escape(&mut self) -> Result<char> {
        self.expect(b'\\')?;
        let escape = self.peek().ok_or_else(malformed)?;
        self.at += 1;
        Ok(match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(malformed()),
        })
    }

    fn unicode_escape(&mut self) -> Result<char> {
        let unit = self.hex4()?;
        let code = match unit {
            0xd800..=0xdbff => {
                self.expect(b'\\')?;
                self.expect(b'u')?;
                let low = self.hex4()?;
                if !(0xdc00..=0xdfff).contains(&low) {
                    return Err(malformed());
                }
                0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
            }
            _ => unit,
        };
        // A low surrogate on its own is no `char`.
        char::from_u32(code).filter(|c| !is_noncharacter(*c)).ok_or_else(malformed)
    }

    fn hex4(&mut self) -> Result<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit << 4 | digit.ok_or_else(malformed)?;
            self.at += 1;
        }
        Ok(unit)
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(malformed()) }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}

/// RFC 7493 §2.1 keeps these 66 code points out of I-JSON.
const fn is_noncharacter(c: char) -> bool {
    let code = c as u32;
    code & 0xfffe == 0xfffe || (0xfdd0 <= code && code <= 0xfdef)
}

fn malformed() -> Error {
    ErrorCode::Malformed.into()
}
