//! An authority in a few lines, and what JavaScript sees of a refusal.

use js_sys::{Error, JSON, Reflect};
use lingpai_core::access_token::{AccessToken, AccessTokenClaims};
use lingpai_core::answer::{GrantedAnswer, open_request};
use lingpai_core::exchange::{ExchangeKind, RefreshGrant};
use lingpai_core::jose::{JwkSet, PrivateJwk};
use lingpai_core::keyring::KeyRing;
use lingpai_core::problem::Problem;
use lingpai_core::scope::Scope;
use lingpai_core::secret::Seed;
use lingpai_core::terms::VisitTerms;
use lingpai_core::time::{UnixSeconds, Validity};
use lingpai_core::uri::Origin;
use lingpai_core::visit_token::{TokenValues, VisitToken};
use lingpai_core::{ErrorCode, base64url};
use wasm_bindgen::{JsCast as _, JsValue};

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://gate.example";
pub(crate) const VISITS: &str = "https://gate.example/v1/visits";

/// The authority's keys: one that signs, one to which requests are sealed.
pub(crate) struct Authority {
    signing: PrivateJwk,
    sealing: PrivateJwk,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self {
            signing: PrivateJwk::generate_ed25519("sig-1", Seed::new([1; 32])),
            sealing: PrivateJwk::generate_x25519("ak-1", Seed::new([2; 32])),
        }
    }

    pub(crate) fn keys(&self) -> String {
        JwkSet::from_keys(vec![self.signing.public().clone()]).to_json()
    }

    fn claims(&self, jkt: Option<&str>) -> AccessTokenClaims {
        AccessTokenClaims {
            issuer: ISSUER.into(),
            audience: VISITS.into(),
            subject: "user".into(),
            client_id: "partner".into(),
            scope: Scope::parse("profile").expect("a scope"),
            visit_audience: "https://api.example".into(),
            page: Origin::parse("https://h5.example").expect("an origin"),
            jti: "jti-1".into(),
            validity: validity(NOW, NOW + 60),
            app_key: self.sealing.public().clone(),
            jkt: jkt.map(Into::into),
        }
    }

    pub(crate) fn access_token(&self, jkt: Option<&str>) -> String {
        AccessToken::issue(&self.claims(jkt), &self.signing).expect("a token")
    }

    pub(crate) fn grant(&self, kind: ExchangeKind, request: &str, jkt: Option<&str>) -> String {
        let opened = self.open(kind, request);
        let terms = VisitTerms::of(&self.claims(jkt), jkt);
        let values = TokenValues {
            jti: "vt-1".into(),
            issued_at: UnixSeconds::new(NOW),
            expires_at: UnixSeconds::new(NOW + 900),
        };
        let token = VisitToken::issue(&values, "family", &terms, &self.signing).expect("a token");
        let refresh = RefreshGrant {
            token: base64url::encode(b"refresh"),
            expires_at: UnixSeconds::new(NOW + 3600),
        };
        let answer = GrantedAnswer {
            token: &token,
            refresh: Some(&refresh),
            app_key: self.sealing.public(),
            now: UnixSeconds::new(NOW),
        };
        opened.grant(&answer, [3; 12]).expect("an answer")
    }

    pub(crate) fn refuse(&self, request: &str, code: ErrorCode) -> String {
        let opened = self.open(ExchangeKind::Visit, request);
        let now = UnixSeconds::new(NOW);
        opened.refuse(Problem::because(code), now, [4; 12]).expect("an answer")
    }

    fn open(&self, kind: ExchangeKind, request: &str) -> lingpai_core::answer::OpenedRequest {
        let ring = format!(r#"[{{"key":{}}}]"#, self.sealing.to_json_secret().as_str());
        let ring = KeyRing::parse(&ring, "enc").expect("a ring");
        open_request(request, kind, &ring, UnixSeconds::new(NOW)).expect("a request")
    }
}

fn validity(from: i64, to: i64) -> Validity {
    Validity {
        issued_at: UnixSeconds::new(from),
        expires_at: UnixSeconds::new(to),
        not_before: UnixSeconds::new(from),
    }
}

/// A member of an object in JSON, as JavaScript reads it.
pub(crate) fn member(json: &str, name: &str) -> JsValue {
    let object = JSON::parse(json).expect("JSON crosses");
    Reflect::get(&object, &name.into()).expect("an object")
}

/// The code of an error that JavaScript catches: always an `Error` named `LingpaiError`.
pub(crate) fn code_of(thrown: JsValue) -> String {
    let error: Error = thrown.dyn_into().expect("an Error");
    assert_eq!(String::from(error.name()), "LingpaiError");
    Reflect::get(&error, &"code".into()).expect("an object").as_string().expect("a code")
}

pub(crate) fn refusal<T>(result: Result<T, JsValue>) -> String {
    code_of(result.err().expect("a refusal"))
}
