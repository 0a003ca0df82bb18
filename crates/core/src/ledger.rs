//! The life of one visit as the authority keeps it: redeemed once, repeated safely, refreshed in a chain, revoked as a
//! family. Pure decisions; the store that makes each of them one transaction is the host's.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, ErrorCode, Result};
use crate::json::{self, Object, ObjectWriter, Value};
use crate::terms::VisitTerms;
use crate::time::UnixSeconds;
use crate::visit_token::TokenValues;

/// How long a repeated request is answered like the first one, in seconds.
pub const REPEAT_SECONDS: i64 = 60;

/// Repetitions remembered at a time. A page that refreshes more often than this within [`REPEAT_SECONDS`] must not repeat
/// its oldest request: that would be taken for a replay.
const REMEMBERED: usize = 8;

/// What is kept of one visit. Nothing of it is a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    terms: VisitTerms,
    page: String,
    redemption: Use,
    access_token_expires_at: UnixSeconds,
    chain: Option<Chain>,
    revoked: bool,
}

/// One request that was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Use {
    counter: u32,
    request_hash: String,
    at: UnixSeconds,
    values: TokenValues,
}

impl Use {
    fn repeated_by(&self, request_hash: &str, now: UnixSeconds) -> bool {
        self.request_hash == request_hash && self.recent(now)
    }

    fn recent(&self, now: UnixSeconds) -> bool {
        now <= self.at.plus(REPEAT_SECONDS)
    }
}

/// The refresh tokens of a family: `counter` is the one that has not been used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chain {
    counter: u32,
    expires_at: UnixSeconds,
    uses: Vec<Use>,
}

/// A verified AT that somebody wants to redeem.
#[derive(Clone, Debug)]
pub struct Redeem {
    /// SHA-256 of the request.
    pub request_hash: String,
    /// What the AT promises, with the proof key that the request has proved.
    pub terms: VisitTerms,
    /// The page's origin.
    pub page: String,
    /// `exp` of the AT, with the tolerance that is granted.
    pub access_token_expires_at: UnixSeconds,
    /// The values for the VT if this is the first use.
    pub values: TokenValues,
    /// When the refresh tokens of the family end; `None` where the visit gets none.
    pub refresh_expires_at: Option<UnixSeconds>,
    /// The authority's time.
    pub now: UnixSeconds,
}

/// A genuine refresh token that its holder wants to spend.
#[derive(Clone, Debug)]
pub struct Spend {
    /// Which token of the family.
    pub counter: u32,
    /// SHA-256 of the request.
    pub request_hash: String,
    /// The origin of the page that asks.
    pub page: String,
    /// The proof key that the request has proved.
    pub jkt: Option<String>,
    /// The values for the VT if this is not a repetition.
    pub values: TokenValues,
    /// The authority's time.
    pub now: UnixSeconds,
}

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Sign a VT with these values.
    Granted {
        /// The values of the VT.
        values: TokenValues,
        /// Counter of the refresh token to hand out, and the end of its family.
        refresh: Option<(u32, UnixSeconds)>,
    },
    /// Refuse: `token_expired`, `replayed`, `visit_ended`, `origin_mismatch`, `key_binding_mismatch`.
    Refused(ErrorCode),
}

/// Decides about an AT. `family` is what the store has for it; the second value is what the store has to hold from now on.
pub fn redeem(family: Option<Family>, attempt: Redeem) -> (Verdict, Option<Family>) {
    let Some(mut family) = family else {
        return first_redemption(attempt);
    };
    if family.revoked {
        return (Verdict::Refused(ErrorCode::Replayed), Some(family));
    }
    let first = &family.redemption;
    let same_request = first.repeated_by(&attempt.request_hash, attempt.now);
    // A page that was reloaded before it saw the answer makes another request, with another R, but proves the same key.
    let same_holder = attempt.terms.jkt.is_some()
        && attempt.terms.jkt == family.terms.jkt
        && first.recent(attempt.now);
    if !same_request && !same_holder {
        family.revoked = true;
        return (Verdict::Refused(ErrorCode::Replayed), Some(family));
    }
    let values = first.values.clone();
    let refresh = family.chain.as_ref().map(|chain| (FIRST_COUNTER, chain.expires_at));
    (Verdict::Granted { values, refresh }, Some(family))
}

/// Decides about a refresh token. Without a family there is nothing that it could refresh.
pub fn spend(family: Option<Family>, attempt: Spend) -> (Verdict, Option<Family>) {
    let Some(mut family) = family else {
        return (Verdict::Refused(ErrorCode::VisitEnded), None);
    };
    let bound = family.terms.jkt.is_some();
    let verdict = match &mut family.chain {
        Some(chain) if !family.revoked && attempt.now < chain.expires_at => {
            if attempt.page != family.page {
                Verdict::Refused(ErrorCode::OriginMismatch)
            } else if attempt.jkt != family.terms.jkt {
                Verdict::Refused(ErrorCode::KeyBindingMismatch)
            } else {
                chain.spend(bound, attempt)
            }
        }
        _ => Verdict::Refused(ErrorCode::VisitEnded),
    };
    family.revoked |= verdict == Verdict::Refused(ErrorCode::Replayed);
    (verdict, Some(family))
}

/// What a login code was granted, for its holder who asks again in time.
#[cfg(feature = "platforms")]
pub fn granted_before(family: &Family) -> Verdict {
    if family.revoked {
        return Verdict::Refused(ErrorCode::CodeUsed);
    }
    let refresh = family.chain.as_ref().map(|chain| (FIRST_COUNTER, chain.expires_at));
    Verdict::Granted { values: family.redemption.values.clone(), refresh }
}

const FIRST_COUNTER: u32 = 1;

fn first_redemption(attempt: Redeem) -> (Verdict, Option<Family>) {
    if attempt.now >= attempt.access_token_expires_at {
        return (Verdict::Refused(ErrorCode::TokenExpired), None);
    }
    let chain = attempt.refresh_expires_at.map(|expires_at| Chain {
        counter: FIRST_COUNTER,
        expires_at,
        uses: Vec::new(),
    });
    let refresh = attempt.refresh_expires_at.map(|expires_at| (FIRST_COUNTER, expires_at));
    let family = Family {
        terms: attempt.terms,
        page: attempt.page,
        redemption: Use {
            counter: 0,
            request_hash: attempt.request_hash,
            at: attempt.now,
            values: attempt.values.clone(),
        },
        access_token_expires_at: attempt.access_token_expires_at,
        chain,
        revoked: false,
    };
    (Verdict::Granted { values: attempt.values, refresh }, Some(family))
}

impl Chain {
    fn spend(&mut self, bound: bool, attempt: Spend) -> Verdict {
        let Spend { counter, request_hash, values, now, .. } = attempt;
        self.uses.retain(|past| past.recent(now) || past.counter.saturating_add(1) == self.counter);
        let repeated = self
            .uses
            .iter()
            .find(|past| past.counter == counter && past.repeated_by(&request_hash, now));
        if let Some(past) = repeated {
            return self.granted(past.values.clone(), counter);
        }
        // The predecessor of a token that was never used: its page crashed before it could save the successor. Only the
        // holder of the proof key is believed that.
        let predecessor = bound && counter.saturating_add(1) == self.counter && counter > 0;
        if counter == self.counter && counter < u32::MAX {
            self.counter += 1;
        } else if !predecessor {
            return Verdict::Refused(ErrorCode::Replayed);
        }
        if self.uses.len() >= REMEMBERED {
            self.uses.remove(0);
        }
        self.uses.push(Use { counter, request_hash, at: now, values: values.clone() });
        self.granted(values, counter)
    }

    fn granted(&self, values: TokenValues, spent: u32) -> Verdict {
        Verdict::Granted { values, refresh: Some((spent.saturating_add(1), self.expires_at)) }
    }
}

impl Family {
    /// What all VTs of the family have in common.
    pub fn terms(&self) -> &VisitTerms {
        &self.terms
    }

    /// The origin of the page.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// When its AT was redeemed.
    pub fn opened_at(&self) -> UnixSeconds {
        self.redemption.at
    }

    /// Whether every token of the family is to be refused.
    pub fn is_revoked(&self) -> bool {
        self.revoked
    }

    /// Ends the family.
    pub fn revoke(&mut self) {
        self.revoked = true;
    }

    /// From when on the store may forget the family: no token of it could be accepted any more, with or without it.
    pub fn forget_at(&self) -> UnixSeconds {
        let chain = self.chain.iter();
        let last_token =
            chain.clone().flat_map(|chain| &chain.uses).map(|past| past.values.expires_at);
        [self.access_token_expires_at, self.redemption.values.expires_at]
            .into_iter()
            .chain(chain.map(|chain| chain.expires_at))
            .chain(last_token)
            .fold(self.redemption.at, UnixSeconds::max)
            .plus(REPEAT_SECONDS)
    }

    /// As a JSON object, for the store.
    pub fn to_json(&self) -> String {
        let chain = self.chain.as_ref().map(|chain| {
            let mut uses = String::from("[");
            for (index, past) in chain.uses.iter().enumerate() {
                if index > 0 {
                    uses.push(',');
                }
                uses.push_str(&past.to_json());
            }
            uses.push(']');
            ObjectWriter::new()
                .integer("counter", i64::from(chain.counter))
                .integer("exp", chain.expires_at.as_i64())
                .raw("uses", &uses)
                .finish()
        });
        ObjectWriter::new()
            .raw("terms", &self.terms.to_json())
            .string("page", &self.page)
            .raw("redemption", &self.redemption.to_json())
            .integer("at_exp", self.access_token_expires_at.as_i64())
            .optional_raw("chain", chain.as_deref())
            .raw("revoked", if self.revoked { "true" } else { "false" })
            .finish()
    }

    /// From what the store holds.
    ///
    /// Errors: those of JSON, `claim_invalid`.
    pub fn parse(text: &str) -> Result<Self> {
        let family = json::parse_object(text.as_bytes())?;
        let chain = match family.optional_object("chain")? {
            Some(chain) => Some(Chain {
                counter: counter(chain)?,
                expires_at: UnixSeconds::new(chain.integer("exp")?),
                uses: uses(chain)?,
            }),
            None => None,
        };
        Ok(Self {
            terms: VisitTerms::from_json(family.object("terms")?)?,
            page: family.string("page")?.to_owned(),
            redemption: Use::from_json(family.object("redemption")?)?,
            access_token_expires_at: UnixSeconds::new(family.integer("at_exp")?),
            chain,
            revoked: matches!(family.get("revoked"), Some(Value::Bool(true))),
        })
    }
}

impl Use {
    fn to_json(&self) -> String {
        ObjectWriter::new()
            .integer("counter", i64::from(self.counter))
            .string("hash", &self.request_hash)
            .integer("at", self.at.as_i64())
            .string("jti", &self.values.jti)
            .integer("iat", self.values.issued_at.as_i64())
            .integer("exp", self.values.expires_at.as_i64())
            .finish()
    }

    fn from_json(past: &Object) -> Result<Self> {
        Ok(Self {
            counter: counter(past)?,
            request_hash: past.string("hash")?.to_owned(),
            at: UnixSeconds::new(past.integer("at")?),
            values: TokenValues {
                jti: past.string("jti")?.to_owned(),
                issued_at: UnixSeconds::new(past.integer("iat")?),
                expires_at: UnixSeconds::new(past.integer("exp")?),
            },
        })
    }
}

fn counter(object: &Object) -> Result<u32> {
    u32::try_from(object.integer("counter")?)
        .map_err(|_| Error::with_detail(ErrorCode::ClaimInvalid, "counter"))
}

fn uses(chain: &Object) -> Result<Vec<Use>> {
    let invalid = Error::with_detail(ErrorCode::ClaimInvalid, "uses");
    let Some(Value::Array(items)) = chain.get("uses") else {
        return Err(invalid);
    };
    items
        .iter()
        .map(|item| match item {
            Value::Object(past) => Use::from_json(past),
            _ => Err(invalid),
        })
        .collect()
}
