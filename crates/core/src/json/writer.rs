//! Writes JSON objects member by member, compact and in the order given. The names are the caller's to keep distinct.

use alloc::string::String;

use super::number::write_integer;

/// An object being written.
#[must_use]
pub struct ObjectWriter {
    out: String,
}

impl ObjectWriter {
    /// An empty object.
    pub fn new() -> Self {
        Self::with_capacity(256)
    }

    /// An empty object with room for `bytes` of text. Text that outgrows its room leaves an unwiped copy behind, so give
    /// enough where members are secret.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut out = String::with_capacity(bytes.max(2));
        out.push('{');
        Self { out }
    }

    /// Adds a string.
    pub fn string(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        write_string(value, &mut self.out);
        self
    }

    /// Adds a string if there is one.
    pub fn optional_string(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.string(name, value),
            None => self,
        }
    }

    /// Adds an integer; I-JSON wants it within 2⁵³ − 1 either way.
    pub fn integer(mut self, name: &str, value: i64) -> Self {
        self.name(name);
        write_integer(value, &mut self.out);
        self
    }

    /// Adds an integer if there is one.
    pub fn optional_integer(self, name: &str, value: Option<i64>) -> Self {
        match value {
            Some(value) => self.integer(name, value),
            None => self,
        }
    }

    /// Adds `true` or `false`.
    pub fn boolean(self, name: &str, value: bool) -> Self {
        self.raw(name, if value { "true" } else { "false" })
    }

    /// Adds a value that is JSON text already.
    pub fn raw(mut self, name: &str, json: &str) -> Self {
        self.name(name);
        self.out.push_str(json);
        self
    }

    /// Adds a value that is JSON text already, if there is one.
    pub fn optional_raw(self, name: &str, json: Option<&str>) -> Self {
        match json {
            Some(json) => self.raw(name, json),
            None => self,
        }
    }

    /// The text of the object.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.out.push('}');
        self.out
    }

    fn name(&mut self, name: &str) {
        if self.out.len() > 1 {
            self.out.push(',');
        }
        write_string(name, &mut self.out);
        self.out.push(':');
    }
}

impl Default for ObjectWriter {
    fn default() -> Self {
        Self::new()
    }
}

/// Appends a string with its quotes, escaped where JSON demands it and nowhere else (as `JSON.stringify` does).
pub(super) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        // The byte found is ASCII, so both cuts are between characters.
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let (special, tail) = tail.split_at(1);
        write_escape(special.as_bytes().first().copied().unwrap_or_default(), out);
        rest = tail;
    }
    out.push_str(rest);
    out.push('"');
}

fn write_escape(byte: u8, out: &mut String) {
    out.push('\\');
    match byte {
        b'"' | b'\\' => out.push(char::from(byte)),
        0x08 => out.push('b'),
        0x0c => out.push('f'),
        b'\n' => out.push('n'),
        b'\r' => out.push('r'),
        b'\t' => out.push('t'),
        _ => {
            out.push_str("u00");
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
    }
}
