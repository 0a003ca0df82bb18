//! The algorithms there are. Whatever is not named here does not exist for this crate, `none` first of all.

/// How a JWS is signed (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureAlgorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384; by the host.
    Es384,
    /// ECDSA on P-521 with SHA-512; by the host.
    Es512,
    /// HMAC with SHA-256.
    Hs256,
    /// RSASSA-PSS with SHA-256; by the host.
    Ps256,
    /// RSASSA-PSS with SHA-384; by the host.
    Ps384,
    /// RSASSA-PSS with SHA-512; by the host.
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256; by the host.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384; by the host.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512; by the host.
    Rs512,
}

impl SignatureAlgorithm {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Hs256,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
    ];

    /// Reads the value of `alg`. `Ed25519` is the newer name of `EdDSA` with that curve (RFC 9864).
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            "ES256" => Some(Self::Es256),
            "ES384" => Some(Self::Es384),
            "ES512" => Some(Self::Es512),
            "HS256" => Some(Self::Hs256),
            "PS256" => Some(Self::Ps256),
            "PS384" => Some(Self::Ps384),
            "PS512" => Some(Self::Ps512),
            "RS256" => Some(Self::Rs256),
            "RS384" => Some(Self::Rs384),
            "RS512" => Some(Self::Rs512),
            _ => None,
        }
    }

    /// The value of `alg` to write.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Hs256 => "HS256",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }
}

/// Some of the algorithms of signatures.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AlgorithmSet(u16);

impl AlgorithmSet {
    /// None of them.
    pub const EMPTY: Self = Self(0);

    /// The same and one more.
    #[must_use]
    pub const fn with(self, algorithm: SignatureAlgorithm) -> Self {
        Self(self.0 | 1 << algorithm as u16)
    }

    /// Whether that one is among them.
    pub const fn contains(self, algorithm: SignatureAlgorithm) -> bool {
        self.0 >> algorithm as u16 & 1 == 1
    }
}

impl FromIterator<SignatureAlgorithm> for AlgorithmSet {
    fn from_iter<I: IntoIterator<Item = SignatureAlgorithm>>(algorithms: I) -> Self {
        algorithms.into_iter().fold(Self::EMPTY, Self::with)
    }
}

/// The algorithm that a JWK says it is for (RFC 7517 §4.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyAlgorithm {
    /// `ECDH-ES+A256KW`.
    EcdhEsA256Kw,
    /// One of signatures.
    Signature(SignatureAlgorithm),
}

impl KeyAlgorithm {
    /// Reads the value of `alg`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            ECDH_ES_A256KW => Some(Self::EcdhEsA256Kw),
            _ => SignatureAlgorithm::from_name(name).map(Self::Signature),
        }
    }

    /// The value of `alg` to write.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EcdhEsA256Kw => ECDH_ES_A256KW,
            Self::Signature(algorithm) => algorithm.as_str(),
        }
    }

    /// The only use of keys for this algorithm.
    pub const fn key_use(self) -> KeyUse {
        match self {
            Self::EcdhEsA256Kw => KeyUse::Encryption,
            Self::Signature(_) => KeyUse::Signature,
        }
    }
}

/// What a JWK says it is for (RFC 7517 §4.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyUse {
    /// `enc`
    Encryption,
    /// `sig`
    Signature,
}

impl KeyUse {
    /// Reads the value of `use`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "enc" => Some(Self::Encryption),
            "sig" => Some(Self::Signature),
            _ => None,
        }
    }

    /// The value of `use` to write.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Encryption => "enc",
            Self::Signature => "sig",
        }
    }
}

/// Key agreement and key wrap of a JWE (RFC 7518 §4.6).
pub(crate) const ECDH_ES_A256KW: &str = "ECDH-ES+A256KW";
/// A JWE under a key that both sides have (RFC 7518 §4.5).
pub(crate) const DIR: &str = "dir";
/// The one content encryption (RFC 7518 §5.3).
pub(crate) const A256GCM: &str = "A256GCM";
