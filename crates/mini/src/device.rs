//! What the module remembers between two calls: the generator, the proof key, the request whose answer is awaited, and the
//! policies that were verified.

#[cfg(feature = "tokenizer")]
use alloc::vec::Vec;

#[cfg(feature = "visit")]
use lingpai_core::access_token::AccessToken;
use lingpai_core::crypto::Drbg;
#[cfg(feature = "visit")]
use lingpai_core::exchange::PendingExchange;
#[cfg(feature = "tokenizer")]
use lingpai_core::tokenization::Policy;
use lingpai_core::{ErrorCode, Result};

#[cfg(feature = "proofs")]
use crate::proof::ProofKey;

/// One mini-program on one device.
pub(crate) struct Device {
    pub(crate) generator: Option<Drbg>,
    #[cfg(feature = "proofs")]
    pub(crate) proof_key: Option<ProofKey>,
    #[cfg(feature = "visit")]
    pub(crate) access_token: Option<AccessToken>,
    #[cfg(feature = "visit")]
    pub(crate) pending: Option<PendingExchange>,
    /// Oldest first.
    #[cfg(feature = "tokenizer")]
    pub(crate) policies: Vec<Policy>,
}

impl Device {
    pub(crate) const NEW: Self = Self {
        generator: None,
        #[cfg(feature = "proofs")]
        proof_key: None,
        #[cfg(feature = "visit")]
        access_token: None,
        #[cfg(feature = "visit")]
        pending: None,
        #[cfg(feature = "tokenizer")]
        policies: Vec::new(),
    };

    /// The generator. Without entropy there is none, and nothing is made up.
    pub(crate) fn generator(&mut self) -> Result<&mut Drbg> {
        self.generator.as_mut().ok_or(ErrorCode::EntropyMissing.into())
    }
}
