//! What several suites need, prepared when the first of them asks and never twice.

use std::cell::OnceCell;

use anyhow::{Error, Result, anyhow};

use crate::commands::build;
use crate::toolchain::{self, WasmToolchain};
use crate::{browsers, engines, step};

/// Results of preparations. A failed one fails every suite that needs it, with the same words.
#[derive(Default)]
pub(crate) struct Prepared {
    toolchain: OnceCell<Result<WasmToolchain, String>>,
    packages: OnceCell<Result<(), String>>,
    browsers: OnceCell<Result<(), String>>,
    engines: OnceCell<Result<(), String>>,
}

impl Prepared {
    pub(crate) fn toolchain(&self) -> Result<&WasmToolchain> {
        self.toolchain.get_or_init(|| toolchain::prepare().map_err(said)).as_ref().map_err(again)
    }

    /// WASM and npm packages, built.
    pub(crate) fn packages(&self) -> Result<()> {
        let built = self.packages.get_or_init(|| build::run(&[]).map(drop).map_err(said));
        built.as_ref().copied().map_err(again)
    }

    pub(crate) fn browsers(&self) -> Result<()> {
        let present = self.browsers.get_or_init(|| browsers::prepare().map_err(said));
        present.as_ref().copied().map_err(again)
    }

    pub(crate) fn engines(&self) -> Result<()> {
        let present = self.engines.get_or_init(|| engines::prepare().map_err(said));
        present.as_ref().copied().map_err(again)
    }
}

fn said(error: Error) -> String {
    step::close_line();
    format!("{error:#}")
}

fn again(message: &String) -> Error {
    anyhow!("not prepared: {message}")
}
