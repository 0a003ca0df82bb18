//! The URIs of the protocol: service addresses, page origins, and the `htu` of a DPoP proof. Not a general URL parser:
//! whatever is not plainly one of these is refused.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, ErrorCode, Result};

const LIMIT_BYTES: usize = 2048;

/// The base address of an issuer or gateway: `https`, or `http` on loopback; no query, fragment, user or final slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUrl(String);

impl ServiceUrl {
    /// Reads a base address; it must already be in normal form, since issuers are compared letter by letter.
    ///
    /// Errors: `malformed`.
    pub fn parse(text: &str) -> Result<Self> {
        let uri = Uri::split(text)?;
        let secure = uri.scheme == "https" || is_loopback(uri.host());
        let bare = uri.query.is_none() && uri.fragment.is_none() && !text.ends_with('/');
        let normal = if uri.path.is_empty() {
            uri.origin() == text
        } else {
            normalise(text).is_ok_and(|normal| normal == text)
        };
        if secure && bare && normal { Ok(Self(text.to_owned())) } else { Err(bad("url")) }
    }

    /// The address as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with `path` (which starts with a slash) behind it.
    pub fn join(&self, path: &str) -> String {
        let mut url = self.0.clone();
        url.push_str(path);
        url
    }
}

/// The origin of a page as browsers serialise it (RFC 6454 §6.2): scheme, host, and a port that is not the default one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin such as `https://h5.example`.
    ///
    /// Errors: `malformed`; so does `null`, the origin of sandboxed pages, which names nobody.
    pub fn parse(text: &str) -> Result<Self> {
        let uri = Uri::split(text)?;
        if uri.origin() == text { Ok(Self(text.to_owned())) } else { Err(bad("origin")) }
    }

    /// The origin of the page at an address.
    ///
    /// Errors: `malformed`.
    pub fn of(url: &str) -> Result<Self> {
        Ok(Self(Uri::split(url)?.origin()))
    }

    /// The origin as browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The launch address of a page: `https` (or `http` on loopback) and without a fragment of its own, with the token
/// behind `#at=` (fragment launch).
///
/// Errors: `malformed`.
pub fn launch_url(page: &str, access_token: &str) -> Result<String> {
    let uri = Uri::split(page)?;
    let secure = uri.scheme == "https" || is_loopback(uri.host());
    if !secure || uri.fragment.is_some() {
        return Err(bad("page"));
    }
    let mut url = page.to_owned();
    url.push_str("#at=");
    url.push_str(access_token);
    Ok(url)
}

/// An address in the normal form in which `htu` is compared (RFC 9449 §4.3, RFC 3986 §6.2.2–§6.2.3): lower-case scheme
/// and host, no default port, upper-case escapes, unreserved characters unescaped, no dot segments, no query or fragment.
///
/// Errors: `malformed`.
pub fn normalise(url: &str) -> Result<String> {
    let uri = Uri::split(url)?;
    let mut normal = uri.origin();
    normal.push_str(&without_dot_segments(&normal_escapes(uri.path)?));
    Ok(normal)
}

struct Uri<'a> {
    scheme: &'static str,
    authority: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Uri<'a> {
    fn split(text: &'a str) -> Result<Self> {
        let printable = text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b));
        if text.len() > LIMIT_BYTES || !printable {
            return Err(bad("url"));
        }
        let (scheme, rest) = text.split_once(':').ok_or(bad("url"))?;
        let rest = rest.strip_prefix("//").ok_or(bad("url"))?;
        let scheme = match scheme {
            s if s.eq_ignore_ascii_case("https") => "https",
            s if s.eq_ignore_ascii_case("http") => "http",
            _ => return Err(bad("url")),
        };
        let (rest, fragment) = split_off(rest, '#');
        let (rest, query) = split_off(rest, '?');
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let uri = Self { scheme, authority, path, query, fragment };
        let host = uri.host();
        let named = !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        let numbered = host.len() > 2
            && host.starts_with('[')
            && host.ends_with(']')
            && host[1..host.len() - 1].bytes().all(|b| b.is_ascii_hexdigit() || b":.".contains(&b));
        let port_proper = uri.port().is_none_or(|port| {
            !port.is_empty()
                && port.len() <= 5
                && port.bytes().all(|b| b.is_ascii_digit())
                && (port.len() == 1 || !port.starts_with('0'))
        });
        if (named || numbered) && port_proper { Ok(uri) } else { Err(bad("url")) }
    }

    fn host(&self) -> &'a str {
        match self.port() {
            Some(port) => &self.authority[..self.authority.len() - port.len() - 1],
            None => self.authority,
        }
    }

    fn port(&self) -> Option<&'a str> {
        match self.authority.rsplit_once(':') {
            // The colons of an IPv6 address stand inside its brackets.
            Some((_, port)) if !port.contains(']') => Some(port),
            _ => None,
        }
    }

    fn origin(&self) -> String {
        let mut origin = String::with_capacity(self.authority.len() + 8);
        origin.push_str(self.scheme);
        origin.push_str("://");
        origin.push_str(&self.host().to_ascii_lowercase());
        let default = if self.scheme == "https" { "443" } else { "80" };
        if let Some(port) = self.port().filter(|port| *port != default) {
            origin.push(':');
            origin.push_str(port);
        }
        origin
    }
}

fn split_off(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((head, tail)) => (head, Some(tail)),
        None => (text, None),
    }
}

fn is_loopback(host: &str) -> bool {
    let v4 = |host: &str| {
        host.starts_with("127.")
            && host.split('.').count() == 4
            && host.split('.').all(|part| part.parse::<u8>().is_ok())
    };
    host.eq_ignore_ascii_case("localhost") || host == "[::1]" || v4(host)
}

fn normal_escapes(path: &str) -> Result<String> {
    let mut normal = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            normal.push(char::from(byte));
            continue;
        }
        let mut nibble = || bytes.next().and_then(|b| char::from(b).to_digit(16)).ok_or(bad("url"));
        let value = (nibble()? * 16 + nibble()?) as u8;
        if value.is_ascii_alphanumeric() || b"-._~".contains(&value) {
            normal.push(char::from(value));
        } else {
            normal.push('%');
            for nibble in [value >> 4, value & 15] {
                let digit = char::from_digit(u32::from(nibble), 16).unwrap_or_default();
                normal.push(digit.to_ascii_uppercase());
            }
        }
    }
    Ok(normal)
}

fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    let mut normal = String::with_capacity(path.len() + 1);
    if kept.is_empty() {
        normal.push('/');
    }
    for segment in kept {
        normal.push('/');
        normal.push_str(segment);
    }
    normal
}

const fn bad(what: &'static str) -> Error {
    Error::with_detail(ErrorCode::Malformed, what)
}
