//! What a mini-program asks for: to exchange its platform's login code, or to go on with a refresh token.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use zeroize::Zeroizing;

use super::form::Form;
use super::platform::CodeKind;
use crate::base64url;
use crate::crypto::sha256_of;
use crate::error::{ErrorCode, Result};
use crate::scope::Scope;

/// `grant_type` of an exchange (RFC 8693 §2.1).
pub const EXCHANGE_GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// `grant_type` of a refresh (RFC 6749 §6).
pub const REFRESH_GRANT: &str = "refresh_token";
/// `requested_token_type` and `issued_token_type`.
pub const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Where both are sent, behind the gateway's address.
pub const PATH: &str = "/v1/exchange";

const MAX_CODE_BYTES: usize = 1024;

/// A request that has the right form.
pub enum TokenRequest {
    /// A login code that is to become tokens.
    Exchange(ExchangeRequest),
    /// A refresh token that is to become the next ones.
    Refresh(RefreshRequest),
}

/// A login code with what is wanted for it.
pub struct ExchangeRequest {
    /// The client.
    pub client_id: String,
    /// What kind of code it is.
    pub kind: CodeKind,
    /// The service that the visit token is for.
    pub audience: String,
    /// The scope that is asked for; all that is registered where there is none.
    pub scope: Option<Scope>,
    /// The hash of `lp_request`, which only whoever repeats this request knows.
    pub request: Option<String>,
    code: Zeroizing<String>,
}

/// A refresh token with what tells a repetition.
pub struct RefreshRequest {
    /// The client.
    pub client_id: String,
    /// The hash of `lp_request` and the token.
    pub request: Option<String>,
    token: Zeroizing<String>,
}

impl TokenRequest {
    /// Reads the parameters.
    ///
    /// Errors: `malformed`; `invalid_target` where `resource` is asked for; `invalid_scope`.
    pub fn read(form: &Form) -> Result<Self> {
        // What would change the meaning is refused rather than ignored.
        if form.get("actor_token").is_some()
            || !matches!(form.get("lp_error_status"), None | Some("200"))
        {
            return Err(ErrorCode::Malformed.into());
        }
        if form.get("resource").is_some() {
            return Err(ErrorCode::InvalidTarget.into());
        }
        let nonce = form.get("lp_request").map(base64url::decode_array::<32>).transpose();
        let nonce = nonce.map_err(|_| ErrorCode::Malformed)?;
        let client_id = form.required("client_id")?.to_owned();
        match form.required("grant_type")? {
            EXCHANGE_GRANT => {
                let code = form.required("subject_token")?;
                if form.required("requested_token_type")? != ACCESS_TOKEN_TYPE || !is_code(code) {
                    return Err(ErrorCode::Malformed.into());
                }
                let scope = form.get("scope").map(Scope::parse).transpose();
                Ok(Self::Exchange(ExchangeRequest {
                    client_id,
                    kind: CodeKind::parse(form.required("subject_token_type")?)?,
                    audience: form.required("audience")?.to_owned(),
                    scope: scope.map_err(|_| ErrorCode::InvalidScope)?,
                    request: nonce.map(|nonce| hash(b"exchange", &nonce, "")),
                    code: Zeroizing::new(code.to_owned()),
                }))
            }
            REFRESH_GRANT => {
                let token = form.required("refresh_token")?;
                Ok(Self::Refresh(RefreshRequest {
                    client_id,
                    request: nonce.map(|nonce| hash(b"refresh", &nonce, token)),
                    token: Zeroizing::new(token.to_owned()),
                }))
            }
            _ => Err(ErrorCode::Malformed.into()),
        }
    }

    /// The client that asks.
    pub fn client_id(&self) -> &str {
        match self {
            Self::Exchange(request) => &request.client_id,
            Self::Refresh(request) => &request.client_id,
        }
    }
}

impl ExchangeRequest {
    /// The platform's code, for its platform alone.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// `sid`, the family of all tokens that descend from this code. It follows from the code, so that its use, its
    /// repetition, refresh and revocation meet in one place without a look-up.
    pub fn family(&self) -> String {
        let parts = [self.client_id.as_str(), self.kind.as_str(), self.code()];
        let [client, kind, code] = parts.map(str::as_bytes);
        let length = (client.len() as u64).to_be_bytes();
        let hash = sha256_of(&[b"lingpai-v1 exchange sid\0", &length, client, kind, b"\0", code]);
        let (sid, _) = hash.split_at(16);
        base64url::encode(sid)
    }
}

impl RefreshRequest {
    /// The refresh token.
    pub fn token(&self) -> &str {
        &self.token
    }
}

/// Visible ASCII: a `+` that a form has made a space is noticed here, before the platform calls the code invalid.
fn is_code(text: &str) -> bool {
    text.len() <= MAX_CODE_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn hash(purpose: &[u8], nonce: &[u8; 32], token: &str) -> String {
    let parts: [&[u8]; 5] = [b"lingpai-v1 lp_request ", purpose, b"\0", nonce, token.as_bytes()];
    base64url::encode(&sha256_of(&parts))
}
