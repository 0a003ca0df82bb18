//! What a mini-program is registered for: its platform, its app there, and which audiences, scopes and lifetimes a login
//! turns into. Its secrets are not here; the host that asks the platform has them.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use super::platform::Platform;
use super::refusal::Refusal;
use super::request::ExchangeRequest;
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Object, Value};
use crate::scope::Scope;
use crate::visit_token;

/// The longest life of a visit token without a proof key, in seconds.
pub const MAX_BEARER_SECONDS: i64 = 300;

const MAX_REFRESH_SECONDS: i64 = 31_536_000;

/// A mini-program as it is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    client_id: String,
    platform: Platform,
    app_id: String,
    audiences: Vec<String>,
    scope: Scope,
    /// `None` where nothing is given to a holder without a proof key.
    bearer_scope: Option<Scope>,
    anonymous: bool,
    link_group: Option<String>,
    codes: Vec<(String, ErrorCode)>,
    lifetime: i64,
    bearer_lifetime: i64,
    refresh_lifetime: i64,
    enabled: bool,
}

/// What a request may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The scope of all visit tokens.
    pub scope: Scope,
    /// The life of each, in seconds.
    pub lifetime: i64,
    /// How long they may be refreshed, in seconds; 0 for not at all.
    pub refresh_lifetime: i64,
}

impl Registration {
    /// Reads `{"clientId", "platform", "appId", "audiences", "scopes", "bearerScopes"?, "anonymous"?, "linkGroup"?, "codes"?,
    /// "visitLifetimeSeconds"?, "bearerLifetimeSeconds"?, "refreshLifetimeSeconds"?, "enabled"?}`.
    ///
    /// Errors: `claim_invalid` with the member's name.
    pub fn read(members: &Object) -> Result<Self> {
        let known = members.has_exactly(
            &["clientId", "platform", "appId", "audiences", "scopes"],
            &[
                "bearerScopes",
                "anonymous",
                "linkGroup",
                "codes",
                "visitLifetimeSeconds",
                "bearerLifetimeSeconds",
                "refreshLifetimeSeconds",
                "enabled",
            ],
        );
        let platform = Platform::parse(members.string("platform")?);
        let scope = scope_of(members, "scopes")?.ok_or(invalid("scopes"))?;
        let bearer_scope = scope_of(members, "bearerScopes")?;
        if bearer_scope.as_ref().is_some_and(|bearer| !bearer.is_within(&scope)) {
            return Err(invalid("bearerScopes"));
        }
        let link_group = members.optional_string("linkGroup")?;
        if !known {
            return Err(invalid("registration"));
        }
        let registration = Self {
            client_id: named(members, "clientId")?,
            platform: platform.map_err(|_| invalid("platform"))?,
            app_id: named(members, "appId")?,
            audiences: texts(members, "audiences")?.ok_or(invalid("audiences"))?,
            scope,
            bearer_scope,
            anonymous: flag(members, "anonymous", false)?,
            link_group: link_group.map(|_| named(members, "linkGroup")).transpose()?,
            codes: codes(members)?,
            lifetime: seconds(
                members,
                "visitLifetimeSeconds",
                1,
                visit_token::MAX_LIFETIME_SECONDS,
            )?
            .unwrap_or(visit_token::MAX_LIFETIME_SECONDS),
            bearer_lifetime: seconds(members, "bearerLifetimeSeconds", 1, MAX_BEARER_SECONDS)?
                .unwrap_or(MAX_BEARER_SECONDS),
            refresh_lifetime: seconds(members, "refreshLifetimeSeconds", 0, MAX_REFRESH_SECONDS)?
                .unwrap_or(28_800),
            enabled: flag(members, "enabled", true)?,
        };
        if registration.audiences.is_empty() {
            return Err(invalid("audiences"));
        }
        if registration.anonymous && registration.platform != Platform::Douyin {
            return Err(invalid("anonymous"));
        }
        Ok(registration)
    }

    /// The client.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Where it runs.
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// What its platform calls it; at Baidu the app key.
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// The apps whose users are the same people where their platform says so (union id).
    pub fn link_group(&self) -> Option<&str> {
        self.link_group.as_deref()
    }

    /// What a refusal by the platform means for this client: as registered, else as it came.
    #[must_use]
    pub fn meaning(&self, refusal: Refusal) -> Refusal {
        let registered =
            self.codes.iter().find(|(code, _)| Some(code) == refusal.provider_code.as_ref());
        match registered {
            Some((_, reason)) => Refusal { reason: *reason, ..refusal },
            None => refusal,
        }
    }

    /// Stands for the page that families of page visits name: a refresh token of one client is of no use to another.
    pub fn page(&self) -> String {
        let mut page = String::from("mini-program:");
        page.push_str(&self.client_id);
        page
    }

    /// Whether the client may do anything at all.
    ///
    /// Errors: `access_denied`.
    pub fn check_enabled(&self) -> Result<()> {
        if self.enabled { Ok(()) } else { Err(ErrorCode::AccessDenied.into()) }
    }

    /// What a request gets, `bound` to a proof key or not.
    ///
    /// Errors: `access_denied` for a client that is not enabled; `malformed` for a code of another platform or kind than the
    /// client's; `invalid_target`; `invalid_scope` for a scope that is not registered; `proof_required` where nothing of it is
    /// given without a proof key.
    pub fn allow(&self, request: &ExchangeRequest, bound: bool) -> Result<Allowance> {
        self.check_enabled()?;
        let kind = request.kind;
        if kind.platform != self.platform || (kind.anonymous && !self.anonymous) {
            return Err(ErrorCode::Malformed.into());
        }
        if !self.audiences.contains(&request.audience) {
            return Err(ErrorCode::InvalidTarget.into());
        }
        let asked = request.scope.as_ref().unwrap_or(&self.scope);
        if !asked.is_within(&self.scope) {
            return Err(ErrorCode::InvalidScope.into());
        }
        if bound {
            return Ok(Allowance {
                scope: asked.clone(),
                lifetime: self.lifetime,
                refresh_lifetime: self.refresh_lifetime,
            });
        }
        let bearer = self.bearer_scope.as_ref().ok_or(ErrorCode::ProofRequired)?;
        let scope = asked.intersection(bearer);
        if scope.as_str().is_empty() && !asked.as_str().is_empty() {
            return Err(ErrorCode::ProofRequired.into());
        }
        Ok(Allowance {
            scope,
            lifetime: self.lifetime.min(self.bearer_lifetime),
            refresh_lifetime: 0,
        })
    }

    /// The life of the visit tokens that a refresh gives, in seconds.
    pub fn lifetime(&self) -> i64 {
        self.lifetime
    }
}

const fn invalid(name: &'static str) -> Error {
    Error::with_detail(ErrorCode::ClaimInvalid, name)
}

/// A string that is not empty.
fn named(members: &Object, name: &'static str) -> Result<String> {
    let text = members.string(name)?;
    if text.is_empty() { Err(invalid(name)) } else { Ok(text.to_owned()) }
}

fn texts(members: &Object, name: &'static str) -> Result<Option<Vec<String>>> {
    let items = match members.get(name) {
        None => return Ok(None),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(invalid(name)),
    };
    let texts = items.iter().map(|item| match item.as_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(invalid(name)),
    });
    texts.collect::<Result<_>>().map(Some)
}

fn scope_of(members: &Object, name: &'static str) -> Result<Option<Scope>> {
    let Some(names) = texts(members, name)? else { return Ok(None) };
    // Joined, one name with a space in it would be two.
    if names.iter().any(|name| name.contains(' ')) {
        return Err(invalid(name));
    }
    Scope::parse(&names.join(" ")).map(Some).map_err(|_| invalid(name))
}

/// What a client's registration may call a code of its platform.
const MEANINGS: &[ErrorCode] = &[
    ErrorCode::CodeUsed,
    ErrorCode::InvalidCode,
    ErrorCode::RateLimited,
    ErrorCode::RiskBlocked,
    ErrorCode::ServerError,
    ErrorCode::TemporarilyUnavailable,
];

fn codes(members: &Object) -> Result<Vec<(String, ErrorCode)>> {
    let Some(codes) = members.optional_object("codes")? else { return Ok(Vec::new()) };
    let meanings = codes.iter().map(|(code, meaning)| {
        let meaning = meaning.as_str().and_then(ErrorCode::from_str_code);
        let meaning = meaning.filter(|meaning| MEANINGS.contains(meaning));
        Ok((code.to_owned(), meaning.ok_or(invalid("codes"))?))
    });
    meanings.collect()
}

fn seconds(members: &Object, name: &'static str, least: i64, most: i64) -> Result<Option<i64>> {
    match members.optional_integer(name)? {
        Some(seconds) if !(least..=most).contains(&seconds) => Err(invalid(name)),
        other => Ok(other),
    }
}

fn flag(members: &Object, name: &'static str, absent: bool) -> Result<bool> {
    match members.get(name) {
        None => Ok(absent),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(invalid(name)),
    }
}
