//! The platforms whose mini-programs log in here, and the kinds of codes that they give out.

use alloc::string::String;

use crate::error::{ErrorCode, Result};

/// Whose mini-program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Alipay, `my`
    Alipay,
    /// Baidu, `swan`
    Baidu,
    /// Douyin, `tt`
    Douyin,
    /// Kuaishou, `ks`
    Kuaishou,
    /// QQ, `qq`
    Qq,
    /// WeChat, `wx`
    Wechat,
}

impl Platform {
    /// Every platform, in alphabetical order.
    pub const ALL: &'static [Self] =
        &[Self::Alipay, Self::Baidu, Self::Douyin, Self::Kuaishou, Self::Qq, Self::Wechat];

    /// The name in configuration and token types.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alipay => "alipay",
            Self::Baidu => "baidu",
            Self::Douyin => "douyin",
            Self::Kuaishou => "kuaishou",
            Self::Qq => "qq",
            Self::Wechat => "wechat",
        }
    }

    /// The platform of that name.
    ///
    /// Errors: `malformed`.
    pub fn parse(name: &str) -> Result<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|platform| platform.as_str() == name).ok_or(ErrorCode::Malformed.into())
    }
}

/// What a login code stands for: `subject_token_type` of RFC 8693 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeKind {
    /// Who gave it out.
    pub platform: Platform,
    /// Whether it stands for a device rather than for a user (Douyin).
    pub anonymous: bool,
}

const PREFIX: &str = "urn:x-lingpai:token-type:";

impl CodeKind {
    /// Reads `urn:x-lingpai:token-type:{platform}-code`, or `…:douyin-anonymous-code`.
    ///
    /// Errors: `malformed`.
    pub fn parse(token_type: &str) -> Result<Self> {
        let name = token_type.strip_prefix(PREFIX).and_then(|name| name.strip_suffix("-code"));
        match name.ok_or(ErrorCode::Malformed)? {
            "douyin-anonymous" => Ok(Self { platform: Platform::Douyin, anonymous: true }),
            name => Ok(Self { platform: Platform::parse(name)?, anonymous: false }),
        }
    }

    /// The token type, as [`Self::parse`] reads it.
    pub fn token_type(self) -> String {
        [PREFIX, self.as_str(), "-code"].concat()
    }

    /// The name of the kind within its token type.
    pub const fn as_str(self) -> &'static str {
        if self.anonymous { "douyin-anonymous" } else { self.platform.as_str() }
    }
}
