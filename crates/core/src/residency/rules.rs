//! Which area is home, and where each type of data lives: rules as data, checked when they are loaded.
//!
//! ```json
//! {
//!   "areas": ["cn", "eu"],
//!   "default": "eu",
//!   "identifiers": [{ "type": "phone", "form": "e164", "prefixes": { "+86": "cn" } }],
//!   "regions": { "CN": "cn", "DE": "eu" },
//!   "data": [{ "type": "profile" }, { "type": "payments", "area": "cn" }]
//! }
//! ```
//!
//! What the person declared counts before what the number looks like, and the default comes last. A type of data without an
//! area lives at home and moves with the person; one with an area stays there whoever it is about.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use super::area::{Area, MAX_AREAS, is_name};
use super::identifier::{Form, Identifier};
pub use super::rules_error::RulesError;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, Value};

/// Rules that hold together: every area that they name exists, and no two of them can contradict each other.
pub struct Rules {
    areas: Vec<Area>,
    default: Area,
    identifiers: Vec<IdentifierType>,
    regions: Vec<(String, Area)>,
    data: Vec<(String, Option<Area>)>,
}

struct IdentifierType {
    name: String,
    form: Form,
    prefixes: Vec<(String, Area)>,
}

/// The home of an identity, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The area.
    pub area: Area,
    /// What decided.
    pub by: Because,
}

/// Which rule decided about a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// The region that was declared.
    Region,
    /// How the identifier begins.
    Prefix,
    /// Nothing else applied.
    Default,
}

impl Because {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Prefix => "prefix",
            Self::Default => "default",
        }
    }
}

/// Where a type of data lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the area of the identity, wherever that is.
    Home,
    /// Always in this one.
    Pinned(Area),
}

impl Rules {
    /// Loads rules.
    ///
    /// Errors: a [`RulesError`] that names what is wrong.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let rules = json::parse_object(text.as_bytes())?;
        known(&rules, &["areas", "default", "identifiers", "regions", "data"])?;
        let areas = areas(rules.get("areas"))?;
        let default = match rules.get("default") {
            None => return Err(RulesError::NoDefault),
            Some(area) => existing(&areas, "default", Some(area))?,
        };
        let mut loaded =
            Self { areas, default, identifiers: Vec::new(), regions: Vec::new(), data: Vec::new() };
        for item in objects(&rules, "identifiers")? {
            let kind = loaded.identifier_type(item)?;
            loaded.identifiers.push(kind);
        }
        if loaded.identifiers.is_empty() {
            return Err(RulesError::NoIdentifierTypes);
        }
        for (region, area) in rules.optional_object("regions")?.into_iter().flat_map(Object::iter) {
            if region.len() != 2 || !region.bytes().all(|byte| byte.is_ascii_uppercase()) {
                return Err(RulesError::BadRegion(region.to_owned()));
            }
            let area = existing(&loaded.areas, region, Some(area))?;
            loaded.regions.push((region.to_owned(), area));
        }
        for item in objects(&rules, "data")? {
            known(item, &["type", "area"])?;
            let name = fresh_name(item.string("type")?, loaded.data.iter().map(|(name, _)| name))?;
            let pinned = match item.get("area") {
                None => None,
                area => Some(existing(&loaded.areas, &name, area)?),
            };
            loaded.data.push((name, pinned));
        }
        Ok(loaded)
    }

    /// All areas.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// The area of that name.
    ///
    /// Errors: `invalid_target` where there is none.
    pub fn area(&self, name: &str) -> Result<&Area> {
        let unknown = Error::with_detail(ErrorCode::InvalidTarget, "area");
        self.areas.iter().find(|area| area.as_str() == name).ok_or(unknown)
    }

    /// Reads an identifier of one of the types.
    ///
    /// Errors: `claim_invalid` with `type` or `identifier`, `limit_exceeded`.
    pub fn identifier(&self, kind: &str, text: &str) -> Result<Identifier> {
        let known = self.identifiers.iter().find(|known| known.name == kind);
        let known = known.ok_or(Error::with_detail(ErrorCode::ClaimInvalid, "type"))?;
        Identifier::parse(&known.name, known.form, text)
    }

    /// The home of whoever has this identifier and declares this region.
    ///
    /// Errors: `claim_invalid` with `region` for a region that no rule knows: to overlook what somebody declared could put
    /// them into the wrong country.
    pub fn home(&self, identifier: &Identifier, region: Option<&str>) -> Result<Home> {
        if let Some(region) = region {
            let (_, area) = self
                .regions
                .iter()
                .find(|(known, _)| known == region)
                .ok_or(Error::with_detail(ErrorCode::ClaimInvalid, "region"))?;
            return Ok(Home { area: area.clone(), by: Because::Region });
        }
        let kind = self.identifiers.iter().find(|kind| kind.name == identifier.kind());
        let mut prefixes = kind.into_iter().flat_map(|kind| &kind.prefixes);
        // No two of them overlap, so the first that fits is the only one.
        let fitting = prefixes.find(|(prefix, _)| identifier.expose().starts_with(prefix.as_str()));
        Ok(match fitting {
            Some((_, area)) => Home { area: area.clone(), by: Because::Prefix },
            None => Home { area: self.default.clone(), by: Because::Default },
        })
    }

    /// Where data of a type live.
    ///
    /// Errors: `claim_invalid` with `type` for a type that no rule knows.
    pub fn place(&self, data_type: &str) -> Result<Place> {
        let known = self.data.iter().find(|(name, _)| name == data_type);
        match known.ok_or(Error::with_detail(ErrorCode::ClaimInvalid, "type"))? {
            (_, Some(area)) => Ok(Place::Pinned(area.clone())),
            (_, None) => Ok(Place::Home),
        }
    }

    /// The names of all types of data.
    pub fn data_types(&self) -> impl Iterator<Item = &str> {
        self.data.iter().map(|(name, _)| name.as_str())
    }

    fn identifier_type(&self, item: &Object) -> Result<IdentifierType, RulesError> {
        known(item, &["type", "form", "prefixes"])?;
        let name =
            fresh_name(item.string("type")?, self.identifiers.iter().map(|known| &known.name))?;
        let form = item.string("form")?;
        let form = Form::named(form).ok_or_else(|| RulesError::UnknownForm(form.to_owned()))?;
        let mut prefixes: Vec<(String, Area)> = Vec::new();
        for (prefix, area) in item.optional_object("prefixes")?.into_iter().flat_map(Object::iter) {
            if !can_begin(form, prefix) {
                return Err(RulesError::BadPrefix(prefix.to_owned()));
            }
            for (other, _) in &prefixes {
                let (shorter, longer) = if other.len() < prefix.len() {
                    (other.as_str(), prefix)
                } else {
                    (prefix, other.as_str())
                };
                if longer.starts_with(shorter) {
                    return Err(RulesError::PrefixesOverlap {
                        kind: name,
                        shorter: shorter.to_owned(),
                        longer: longer.to_owned(),
                    });
                }
            }
            prefixes.push((prefix.to_owned(), existing(&self.areas, prefix, Some(area))?));
        }
        Ok(IdentifierType { name, form, prefixes })
    }
}

/// A prefix that is not in the form of its identifiers would never apply, and nobody would notice.
fn can_begin(form: Form, prefix: &str) -> bool {
    match form {
        Form::E164 => prefix.strip_prefix('+').is_some_and(|digits| {
            (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        }),
        Form::Email => {
            !prefix.is_empty()
                && !prefix
                    .chars()
                    .any(|c| c.is_ascii_uppercase() || c.is_whitespace() || c.is_control())
        }
        Form::Exact => !prefix.is_empty(),
    }
}

fn areas(list: Option<&Value>) -> Result<Vec<Area>, RulesError> {
    let Some(Value::Array(items)) = list else { return Err(RulesError::NoAreas) };
    if items.len() > MAX_AREAS {
        return Err(RulesError::TooManyAreas);
    }
    let mut areas: Vec<Area> = Vec::new();
    for item in items {
        let name = item.as_str().ok_or(invalid("areas"))?;
        let area = Area::parse(name).map_err(|_| RulesError::BadName(name.to_owned()))?;
        if areas.contains(&area) {
            return Err(RulesError::Twice(name.to_owned()));
        }
        areas.push(area);
    }
    if areas.is_empty() { Err(RulesError::NoAreas) } else { Ok(areas) }
}

fn existing(areas: &[Area], rule: &str, area: Option<&Value>) -> Result<Area, RulesError> {
    let name = area.and_then(Value::as_str).ok_or(invalid("area"))?;
    let found = areas.iter().find(|area| area.as_str() == name).cloned();
    found.ok_or_else(|| RulesError::UnknownArea { rule: rule.to_owned(), area: name.to_owned() })
}

fn fresh_name<'a>(
    name: &str,
    mut taken: impl Iterator<Item = &'a String>,
) -> Result<String, RulesError> {
    if !is_name(name) {
        return Err(RulesError::BadName(name.to_owned()));
    }
    if taken.any(|other| other == name) {
        return Err(RulesError::Twice(name.to_owned()));
    }
    Ok(name.to_owned())
}

fn objects<'a>(rules: &'a Object, name: &'static str) -> Result<Vec<&'a Object>, RulesError> {
    let items = match rules.get(name) {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(invalid(name).into()),
    };
    let object = |item: &'a Value| match item {
        Value::Object(object) => Ok(object),
        _ => Err(invalid(name).into()),
    };
    items.iter().map(object).collect()
}

fn known(object: &Object, names: &[&str]) -> Result<(), RulesError> {
    match object.names().find(|name| !names.contains(name)) {
        Some(name) => Err(RulesError::UnknownMember(name.to_owned())),
        None => Ok(()),
    }
}

const fn invalid(name: &'static str) -> Error {
    Error::with_detail(ErrorCode::ClaimInvalid, name)
}
