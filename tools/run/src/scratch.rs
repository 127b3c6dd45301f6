//! A folder for one session's sockets, gone with it.
//!
//! Owns: the folder. It lies in the system's temporary directory, because a socket's path may not exceed
//! 107 bytes and a project's may. Only its owner may enter: whoever can connect to the console is the
//! person at the console.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of this process alone, removed when dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes a fresh folder.
    pub fn make() -> io::Result<Self> {
        // Names of this process differ by the count, those of different processes by the number; a folder
        // that a killed process of the same number left behind is stepped over.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("tessera-run.{}.{count}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    #[cfg_attr(not(test), expect(dead_code, reason = "only the tests look for the folder itself"))]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to be told, and an empty folder in /tmp harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_differ_and_go_away() {
        let (one, two) = (Scratch::make().unwrap(), Scratch::make().unwrap());
        let path = one.path().to_owned();
        assert_ne!(path, two.path());
        fs::write(one.file("x"), b"x").unwrap();
        drop(one);
        assert!(!path.exists());
    }
}
