//! What a mini-program may ask for and what becomes of it. Each refusal with its own code.

mod answers;
mod claims;
mod forms;
mod registrations;
mod sessions;

use lingpai_core::ErrorCode;
use lingpai_core::token_exchange::form::Form;
use lingpai_core::token_exchange::platform::{CodeKind, Platform};
use lingpai_core::token_exchange::request::{ExchangeRequest, TokenRequest};

const NONCE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const JKT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

/// A login's form, of which `change` replaces, adds or (without a value) removes parameters.
fn form(change: &[(&str, &str)]) -> String {
    let mut parameters = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", "0a1B2c-_"),
        ("subject_token_type", "urn:x-lingpai:token-type:wechat-code"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("client_id", "shop"),
        ("audience", "https://api.example"),
    ];
    for (name, value) in change {
        parameters.retain(|(other, _)| other != name);
        if !value.is_empty() {
            parameters.push((name, value));
        }
    }
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn parsed(body: &str) -> Result<TokenRequest, ErrorCode> {
    Form::parse(body).and_then(|form| TokenRequest::read(&form)).map_err(|error| error.code())
}

fn login(change: &[(&str, &str)]) -> ExchangeRequest {
    match parsed(&form(change)).expect("a login") {
        TokenRequest::Exchange(request) => request,
        TokenRequest::Refresh(_) => panic!("a refresh"),
    }
}

fn kind(platform: Platform) -> CodeKind {
    CodeKind { platform, anonymous: false }
}
