//! `codes.ts`: the closed union of error codes for TypeScript, written from the list in core.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use lingpai_core::ErrorCode;

use crate::fingerprint;
use crate::packages::{MINI, PACKAGES};
use crate::{paths, step};

/// Writes the file of each package, if it differs.
pub(crate) fn generate() -> Result<()> {
    let text = text();
    for file in stale() {
        fingerprint::write(&file, text.as_bytes())?;
        println!("  error codes → {}", paths::shown(&file));
    }
    step::up_to_date("error codes");
    Ok(())
}

/// The files that are not what core says.
pub(crate) fn stale() -> Vec<PathBuf> {
    let text = text();
    let packages = PACKAGES.iter().map(|package| package.npm_directory());
    let files = packages.chain([MINI.npm_directory()]).map(|it| it.join("src/codes.ts"));
    files.filter(|file| fs::read_to_string(file).ok().as_ref() != Some(&text)).collect()
}

fn text() -> String {
    let mut codes = ErrorCode::ALL.to_vec();
    codes.sort_by_key(|code| code.as_str());
    let mut union = String::new();
    let mut list = String::new();
    let mut retryable = String::new();
    for code in codes {
        let (name, summary) = (code.as_str(), code.summary());
        let _ = write!(union, "\n  /** {summary} */\n  | '{name}'");
        let _ = write!(list, "\n  '{name}',");
        if code.retryable() {
            let _ = write!(retryable, "\n  '{name}',");
        }
    }
    format!(
        "// Every error code, generated from the list in lingpai-core by `cargo xtask build`. Do not edit.\n\n\
         /** Why something was refused or failed: a closed union, the same in every Lingpai package. */\n\
         export type ErrorCode ={union}\n\n\
         /** All codes, in alphabetical order. */\n\
         export const errorCodes: readonly ErrorCode[] = [{list}\n]\n\n\
         /** Codes for which the same call may succeed a little later. */\n\
         export const retryableCodes: ReadonlySet<ErrorCode> = /* @__PURE__ */ new Set<ErrorCode>([{retryable}\n])\n"
    )
}
