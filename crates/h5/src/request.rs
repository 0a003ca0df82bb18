//! The requests that a page makes to issuer and gateway: no cookies, no cache, no redirects, no referrer.

use gloo_net::http::Request;
use js_sys::Promise;
use lingpai_core::ErrorCode;
use lingpai_core::exchange::MEDIA_TYPE;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use web_sys::{AbortSignal, Headers};

use crate::refusal::code_to_js;
use crate::{platform, promise};

/// An HTTP answer: its status and body, and the headers of [`HEADERS`]. JavaScript gets it as an array, which takes a
/// kilobyte less than an object with names.
type Answer = (u16, String, [Option<String>; HEADERS.len()]);

/// The headers that the protocol knows.
const HEADERS: [&str; 4] = ["content-type", "dpop-nonce", "retry-after", "date"];

/// Sends a body with its proof (POST), or asks for a document (GET) if there is no body.
///
/// `signal` has to be one that is aborted without a reason: gloo-net takes every rejection for an `Error`.
///
/// Gives status, body, and the headers `content-type`, `dpop-nonce`, `retry-after` and `date`. Rejects with
/// `network_unavailable` when there was no answer, or not all of it.
#[wasm_bindgen(unchecked_return_type = "Promise<[number, string, (string | undefined)[]]>")]
pub fn request(
    url: String,
    body: Option<String>,
    proof: Option<String>,
    signal: Option<AbortSignal>,
) -> Promise {
    promise::promise(async move {
        let answer = send(&url, body, proof, signal.as_ref()).await;
        let answer = answer.map_err(|_| code_to_js(ErrorCode::NetworkUnavailable))?;
        Ok(serde_wasm_bindgen::to_value(&answer)?)
    })
}

async fn send(
    url: &str,
    body: Option<String>,
    proof: Option<String>,
    signal: Option<&AbortSignal>,
) -> Result<Answer, Failure> {
    let headers = Headers::new()?;
    if body.is_some() {
        headers.set("content-type", MEDIA_TYPE)?;
    }
    if let Some(proof) = proof {
        headers.set("dpop", &proof)?;
    }
    // As text: web-sys has a setter for each member, and the names of all values that each can have.
    let init = platform::object(&[
        ("method", if body.is_some() { "POST" } else { "GET" }.into()),
        ("body", body.into()),
        ("headers", headers.into()),
        ("signal", signal.map_or(JsValue::NULL, JsValue::from)),
        ("cache", "no-store".into()),
        ("credentials", "omit".into()),
        // A redirect would carry the request, or the trust in its answer, to somebody else.
        ("redirect", "error".into()),
        ("referrerPolicy", "no-referrer".into()),
    ])?;
    let request = web_sys::Request::new_with_str_and_init(url, init.unchecked_ref())?;
    // gloo-net's own builder would parse and write the address once more.
    let response = Request::from(request).send().await?;
    let headers = HEADERS.map(|name| response.headers().get(name));
    Ok((response.status(), response.text().await?, headers))
}

/// What failed is of no use to the caller: browsers do not say why a request failed.
struct Failure;

impl From<JsValue> for Failure {
    fn from(_: JsValue) -> Self {
        Self
    }
}

impl From<gloo_net::Error> for Failure {
    fn from(_: gloo_net::Error) -> Self {
        Self
    }
}
