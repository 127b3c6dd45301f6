//! A file as the second serial port: the one that `port=FILE` names. A simulated machine has none.

use std::fs::File;
use std::io::{self, Write};
use std::sync::OnceLock;

use super::local::local;

static FILE: OnceLock<File> = OnceLock::new();

/// Opens the file, empties it, and from now on writes there. Called once at the most, at the machine's start.
pub(super) fn start(path: &str) -> io::Result<()> {
    // A second call would find it set; there is none.
    let _set = FILE.set(File::create(path)?);
    Ok(())
}

pub(crate) fn write(bytes: &[u8]) -> Option<usize> {
    if local().simulated.get() {
        return None;
    }
    let mut file = FILE.get()?;
    match file.write(bytes) {
        Ok(taken) => Some(taken),
        // Busy, and come again.
        Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {
            Some(0)
        }
        // A port whose other end is gone swallows what it is given.
        Err(_) => Some(bytes.len()),
    }
}
