//! The kernel without its symbols and debug information.
//!
//! The BIOS stages read the kernel in small pieces through the firmware: 14 MB of debug build take
//! 20 s of an emulated boot, the 0.6 MB that are loaded take one. So the image gets a stripped copy,
//! made by the `llvm-objcopy` that the bootloader's own build needs too. Addresses in an epitaph are
//! looked up in the unstripped file, which stays where it is.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

/// A stripped copy, which goes away with this value. Each process has one of its own, since make may
/// build the images of one kernel at the same time.
pub struct Stripped(PathBuf);

impl Stripped {
    /// Strips `kernel` into a file next to it. An error if the tool is missing or refuses.
    pub fn of(kernel: &Path) -> io::Result<Stripped> {
        let copy = Stripped(kernel.with_extension(format!("stripped-{}", process::id())));
        let status = Command::new(objcopy()?).arg("--strip-all").arg(kernel).arg(&copy.0).status()?;
        if status.success() { Ok(copy) } else { Err(io::Error::other("llvm-objcopy failed")) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Stripped {
    fn drop(&mut self) {
        // A copy that was never made, or cannot be removed, harms nobody.
        let _ = fs::remove_file(&self.0);
    }
}

/// The tool in the compiler's own folder: `<sysroot>/lib/rustlib/<host>/bin`.
fn objcopy() -> io::Result<PathBuf> {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(compiler).args(["--print", "sysroot"]).output()?;
    let sysroot = String::from_utf8(output.stdout).map_err(io::Error::other)?;
    for host in fs::read_dir(Path::new(sysroot.trim()).join("lib/rustlib"))? {
        let tool = host?.path().join("bin/llvm-objcopy");
        if tool.is_file() {
            return Ok(tool);
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "llvm-objcopy is not among the compiler's tools"))
}
