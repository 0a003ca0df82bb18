//! One `cargo xtask` at a time prepares and builds; a second one waits and then finds it done.

use std::fs::{self, File, TryLockError};

use anyhow::{Context as _, Result};

use crate::paths;
use crate::step::Step;

/// Held while something is prepared or built. The system lets go of it however the process ends.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take() -> Result<Self> {
        let path = paths::state().join("lock");
        fs::create_dir_all(paths::state()).context("creating xtask's state directory")?;
        let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let step = Step::begin("waiting for another cargo xtask");
                file.lock().context("waiting for another cargo xtask")?;
                step.done();
            }
            Err(TryLockError::Error(error)) => return Err(error).context("locking xtask's state"),
        }
        Ok(Self { _file: file })
    }
}
