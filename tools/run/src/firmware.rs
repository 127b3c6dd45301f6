//! The firmware a guest starts with, and the files that it needs.
//!
//! Owns: where OVMF is. BIOS is QEMU's own SeaBIOS and needs nothing. OVMF writes to its variable store,
//! so each session gets a copy: runs neither see nor disturb each other's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::guest::Line;

const OVMF: &str = "/usr/share/OVMF";

/// What starts the image.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Firmware {
    /// QEMU's SeaBIOS; starts 2 s sooner under TCG, so tests use it.
    Bios,
    /// Debian's OVMF (package `ovmf`).
    Uefi,
}

impl Firmware {
    /// Puts the session's own variable store at `variables`, where this firmware has one.
    ///
    /// # Errors
    /// The copy's error; `NotFound` mostly means that the package `ovmf` is not installed.
    pub(crate) fn prepare(self, variables: &Path) -> io::Result<()> {
        match self {
            Self::Bios => Ok(()),
            Self::Uefi => fs::copy(ovmf("OVMF_VARS_4M.fd"), variables).map(|_bytes| ()),
        }
    }

    pub(crate) fn arguments(self, variables: &Path, line: &mut Line) {
        if self == Self::Uefi {
            let code = ovmf("OVMF_CODE_4M.fd");
            line.word("-drive").path("if=pflash,unit=0,format=raw,readonly=on,file=", &code);
            line.word("-drive").path("if=pflash,unit=1,format=raw,file=", variables);
        }
    }
}

fn ovmf(file: &str) -> PathBuf {
    Path::new(OVMF).join(file)
}
