//! Documents that are generated: verified by `make check`, written by `make docs`.
//!
//! Owns: the comparison and the writing. What is in them is other modules' and the ABI crate's.

use std::path::Path;
use std::{fs, io};

use crate::Finding;

/// A generated document.
pub struct Document {
    /// Where it belongs, relative to the root.
    pub path: &'static str,
    /// What it is to say.
    pub text: String,
}

impl Document {
    /// The host-call table as a manual, as the ABI crate tells it.
    pub fn of_abi() -> Self {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = tessera_abi::docs::markdown(&mut text);
        Self { path: "docs/ABI.md", text }
    }

    /// A finding when the file does not say what it should.
    pub fn verify(&self, root: &Path) -> Option<Finding> {
        match fs::read_to_string(root.join(self.path)) {
            Ok(found) if found == self.text => None,
            Ok(_) => Some(Finding::error(self.path, "is stale; `make docs` writes it")),
            Err(_) => Some(Finding::error(self.path, "is missing; `make docs` writes it")),
        }
    }

    /// Writes the file, unless it says so already.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self, root: &Path) -> io::Result<()> {
        match self.verify(root) {
            None => Ok(()),
            Some(_) => fs::write(root.join(self.path), &self.text),
        }
    }
}
