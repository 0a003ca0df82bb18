//! Real browsers for the tests, from the distribution: Chromium, Firefox, WebKitGTK and what drives them.

use std::path::Path;

use anyhow::{Result, bail};

use crate::process::find;
use crate::{debian, step};

/// Firefox needs no driver: it is spoken to over WebDriver BiDi. WebKitGTK needs a display.
const PACKAGES: [&str; 8] = [
    "chromium",
    "chromium-driver",
    "firefox-esr",
    "webkit2gtk-driver",
    "libwebkit2gtk-4.1-0",
    "xvfb",
    "xauth",
    "dbus",
];

/// Programs that have to be there, whoever installed them.
const PROGRAMS: [&str; 6] =
    ["chromium", "chromedriver", "firefox-esr", "WebKitWebDriver", "xvfb-run", "dbus-daemon"];

/// Installs what is missing.
pub(crate) fn prepare() -> Result<()> {
    if missing().is_empty() {
        step::up_to_date("browsers: Chromium, Firefox, WebKitGTK");
        return Ok(());
    }
    debian::install("test in real browsers", &PACKAGES)?;
    let missing = missing();
    if !missing.is_empty() {
        bail!("the browser tests need these programs on PATH: {}", missing.join(", "));
    }
    Ok(())
}

/// The programs that are not there.
pub(crate) fn missing() -> Vec<&'static str> {
    let on_path = |program: &&str| find(program).is_none() && !Path::new(program).exists();
    PROGRAMS.into_iter().filter(on_path).collect()
}
