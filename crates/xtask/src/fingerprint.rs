//! Content hashes that decide what is up to date. File times play no part.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::paths;

/// A hash over names and contents of inputs, in the order in which they are added.
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    pub(crate) fn new(subject: &str) -> Self {
        Self(Sha256::new()).text(subject)
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
        self
    }

    /// Adds a file, or every file below a directory. Something missing is an input as well.
    pub(crate) fn path(self, path: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect(path, &mut files)?;
        files.sort();
        let mut this = self.text(&paths::shown(path));
        for file in files {
            let content = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
            this = this.text(&paths::shown(&file));
            this.0.update((content.len() as u64).to_le_bytes());
            this.0.update(content);
        }
        Ok(this)
    }

    pub(crate) fn paths(mut self, paths: &[PathBuf]) -> Result<Self> {
        for path in paths {
            self = self.path(path)?;
        }
        Ok(self)
    }

    pub(crate) fn hex(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A record, kept in the state directory, that a piece of work was finished for given inputs.
pub(crate) struct Stamp {
    file: PathBuf,
    inputs: String,
    outputs: Vec<PathBuf>,
}

impl Stamp {
    /// `outputs` are the files that the work leaves: work whose output was touched is done again.
    pub(crate) fn new(name: &str, inputs: Fingerprint, outputs: Vec<PathBuf>) -> Self {
        Self { file: paths::state().join("stamps").join(name), inputs: inputs.hex(), outputs }
    }

    pub(crate) fn is_fresh(&self) -> Result<bool> {
        Ok(self.outputs.iter().all(|output| output.exists())
            && fs::read_to_string(&self.file).ok() == Some(self.text()?))
    }

    /// Call once the outputs are complete.
    pub(crate) fn write(&self) -> Result<()> {
        write(&self.file, self.text()?.as_bytes())
    }

    fn text(&self) -> Result<String> {
        let outputs = Fingerprint::new("outputs").paths(&self.outputs)?.hex();
        Ok(format!("{}\n{outputs}\n", self.inputs))
    }
}

/// Writes a file in one go, so that an interrupted run leaves the old one or the new one.
pub(crate) fn write(file: &Path, content: &[u8]) -> Result<()> {
    let directory = file.parent().context("a file has a directory")?;
    fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
    let mut partial = file.as_os_str().to_owned();
    partial.push(format!(".{}.partial", std::process::id()));
    fs::write(&partial, content)
        .and_then(|()| fs::rename(&partial, file))
        .with_context(|| format!("writing {}", file.display()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("listing {}", path.display()))? {
            collect(&entry?.path(), files)?;
        }
    } else if path.exists() {
        files.push(path.into());
    }
    Ok(())
}
