//! Packages of Debian and its relatives. Elsewhere this only knows how to say what is needed.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{self, command};
use crate::step::Step;

/// Whether this machine has apt.
pub(crate) fn has_apt() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

/// Those of `packages` that are not installed.
pub(crate) fn missing<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    packages.iter().copied().filter(|package| !is_installed(package)).collect()
}

/// What dpkg calls the installed versions; part of a cache's key.
pub(crate) fn versions(packages: &[&str]) -> String {
    let mut query = command("dpkg-query");
    process::capture(query.args(["-W", "-f", "${Package}=${Version}\n"]).args(packages))
        .unwrap_or_default()
}

/// Installs what is missing of `packages`; `purpose` completes "needed to …".
pub(crate) fn install(purpose: &str, packages: &[&str]) -> Result<()> {
    let missing = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    install_newest(purpose, &missing)
}

/// Installs `packages`, or what apt offers instead of the installed versions; `purpose` completes "needed to …".
pub(crate) fn install_newest(purpose: &str, packages: &[&str]) -> Result<()> {
    let by_hand = format!("sudo apt-get install --no-install-recommends {}", packages.join(" "));
    if !has_apt() {
        bail!(
            "needed to {purpose}, but this is not Debian: install the equivalent of: {}",
            packages.join(", ")
        );
    }
    let Some(prefix) = privilege() else {
        bail!("needed to {purpose}, and neither root nor passwordless sudo here; run: {by_hand}");
    };
    let step = Step::begin(format!("installing {} to {purpose}", packages.join(" ")));
    if process::run(&step, "apt-install", apt(prefix, "install").args(packages)).is_err() {
        // Stale or absent package lists are the usual reason.
        process::run(&step, "apt-update", &mut apt(prefix, "update"))?;
        process::run(&step, "apt-install", apt(prefix, "install").args(packages)).map_err(
            |error| error.context(format!("needed to {purpose}; to do it by hand: {by_hand}")),
        )?;
    }
    step.done_as(&format!("installed {} to {purpose}", packages.join(" ")));
    Ok(())
}

/// The newest `lld-N` that apt offers.
pub(crate) fn newest_lld() -> Option<String> {
    let mut search = command("apt-cache");
    let found = process::capture(search.args(["search", "--names-only", "^lld-[0-9]+$"])).ok()?;
    let versions = found.lines().filter_map(|line| {
        line.split_whitespace().next()?.strip_prefix("lld-")?.parse::<u32>().ok()
    });
    versions.max().map(|version| format!("lld-{version}"))
}

/// Makes apt know what its sources offer today.
pub(crate) fn refresh_lists() -> Result<()> {
    let Some(prefix) = privilege() else { return Ok(()) };
    let step = Step::begin("fetching Debian's package lists");
    process::run(&step, "apt-update", &mut apt(prefix, "update"))?;
    step.done();
    Ok(())
}

fn is_installed(package: &str) -> bool {
    let mut query = command("dpkg-query");
    process::capture(query.args(["-W", "-f", "${db:Status-Abbrev}", package]))
        .is_ok_and(|status| status.starts_with("ii"))
}

/// What to put before `apt-get`, or nothing if this user may not install.
fn privilege() -> Option<&'static [&'static str]> {
    let user = process::capture(command("id").arg("-u")).unwrap_or_default();
    if user.trim() == "0" {
        return Some(&["env"]);
    }
    process::capture(command("sudo").args(["-n", "true"])).is_ok().then_some(&["sudo", "-n"])
}

fn apt(prefix: &[&str], verb: &str) -> Command {
    let mut apt = command(prefix[0]);
    apt.args(&prefix[1..]).env("DEBIAN_FRONTEND", "noninteractive");
    apt.args(["apt-get", verb, "-y", "-q", "-o", "DPkg::Lock::Timeout=900"]);
    if verb == "install" {
        // Never at the price of something that the machine's owner installed.
        apt.args(["--no-install-recommends", "--no-remove"]);
    }
    apt
}
