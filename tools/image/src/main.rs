//! Puts a kernel and its ramdisk into bootable disk images.
//!
//! Owns: nothing but the files named on its command line. The boot stages are
//! the `bootloader` crate's, compiled by its build script; this program only
//! lays a FAT partition around them, with a stripped copy of the kernel
//! (`strip`), and for BIOS one that is read quickly (`partition`). It does not build the kernel, does not pack the ramdisk
//! (`tools/pack` does) and does not start QEMU (`tools/run`).
//!
//! Usage: `tessera-image --kernel ELF [--ramdisk FILE] [--bios OUT] [--uefi OUT] [--verbose]`

mod partition;
mod strip;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fmt, fs, io};

use bootloader::{BootConfig, DiskImageBuilder};
use strip::Stripped;

const USAGE: &str =
    "usage: tessera-image --kernel ELF [--ramdisk FILE] [--bios OUT] [--uefi OUT] [--verbose]";

/// What the command line asked for.
#[derive(Default)]
struct Order {
    kernel: Option<PathBuf>,
    ramdisk: Option<PathBuf>,
    bios: Option<PathBuf>,
    uefi: Option<PathBuf>,
    verbose: bool,
}

/// Why no image was made.
enum Failure {
    UnknownArgument(String),
    MissingValue(String),
    NoKernel,
    NoOutput,
    Unreadable(PathBuf),
    Strip(io::Error),
    Build { output: PathBuf, cause: String },
}

fn main() -> ExitCode {
    match parse(env::args().skip(1)).and_then(|order| build(&order)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("tessera-image: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Order, Failure> {
    let mut order = Order::default();
    while let Some(argument) = arguments.next() {
        let place = match argument.as_str() {
            "--kernel" => &mut order.kernel,
            "--ramdisk" => &mut order.ramdisk,
            "--bios" => &mut order.bios,
            "--uefi" => &mut order.uefi,
            "--verbose" => {
                order.verbose = true;
                continue;
            }
            _ => return Err(Failure::UnknownArgument(argument)),
        };
        let value = arguments.next().ok_or(Failure::MissingValue(argument))?;
        *place = Some(PathBuf::from(value));
    }
    Ok(order)
}

fn build(order: &Order) -> Result<(), Failure> {
    let kernel = order.kernel.as_deref().ok_or(Failure::NoKernel)?;
    if order.bios.is_none() && order.uefi.is_none() {
        return Err(Failure::NoOutput);
    }
    let stripped = Stripped::of(readable(kernel)?).map_err(Failure::Strip)?;
    let mut builder = DiskImageBuilder::new(stripped.path().to_path_buf());
    if let Some(ramdisk) = order.ramdisk.as_deref() {
        builder.set_ramdisk(readable(ramdisk)?.to_path_buf());
    }
    builder.set_boot_config(&boot_config(order.verbose));
    if let Some(output) = order.bios.as_deref() {
        finish(output, builder.create_bios_image(output))?;
        finish(output, lay_out(output))?;
    }
    if let Some(output) = order.uefi.as_deref() {
        finish(output, builder.create_uefi_image(output))?;
    }
    Ok(())
}

/// The bootloader shares COM1 with the console, so its log stays off unless
/// somebody debugs the boot itself: tests read what the kernel wrote.
fn boot_config(verbose: bool) -> BootConfig {
    let mut config = BootConfig::default();
    config.serial_logging = verbose;
    config.frame_buffer_logging = verbose;
    config
}

/// The builder reports a missing input only deep inside an image, so ask first.
fn readable(path: &Path) -> Result<&Path, Failure> {
    if path.is_file() { Ok(path) } else { Err(Failure::Unreadable(path.to_path_buf())) }
}

/// Replaces a BIOS image by the same with large clusters.
fn lay_out(image: &Path) -> io::Result<()> {
    fs::write(image, partition::with_large_clusters(&fs::read(image)?)?)
}

fn finish<E: fmt::Debug>(output: &Path, made: Result<(), E>) -> Result<(), Failure> {
    made.map_err(|cause| Failure::Build { output: output.to_path_buf(), cause: format!("{cause:?}") })
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownArgument(name) => write!(out, "unknown argument `{name}`\n{USAGE}"),
            Self::MissingValue(name) => write!(out, "`{name}` wants a value\n{USAGE}"),
            Self::NoKernel => write!(out, "--kernel is missing\n{USAGE}"),
            Self::NoOutput => write!(out, "neither --bios nor --uefi was given\n{USAGE}"),
            Self::Unreadable(path) => write!(out, "{} is not a readable file", path.display()),
            Self::Strip(cause) => write!(out, "the kernel could not be stripped: {cause}"),
            Self::Build { output, cause } => {
                write!(out, "{} could not be built: {cause}", output.display())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(line: &str) -> Result<Order, Failure> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_argument_finds_its_place() {
        let order = order("--kernel k --ramdisk r --bios b --uefi u --verbose").unwrap_or_default();
        let paths = [order.kernel, order.ramdisk, order.bios, order.uefi].map(Option::unwrap_or_default);
        assert_eq!(paths, ["k", "r", "b", "u"].map(PathBuf::from));
        assert!(order.verbose);
    }

    #[test]
    fn unknown_argument_is_refused_by_name() {
        assert!(
            matches!(order("--kernel k --disk d"), Err(Failure::UnknownArgument(name)) if name == "--disk")
        );
    }

    #[test]
    fn argument_without_its_value_is_refused() {
        assert!(matches!(order("--kernel"), Err(Failure::MissingValue(name)) if name == "--kernel"));
    }

    #[test]
    fn order_without_kernel_output_or_file_builds_nothing() {
        let fails = |line| order(line).and_then(|order| build(&order));
        assert!(matches!(fails("--bios b"), Err(Failure::NoKernel)));
        assert!(matches!(fails("--kernel k"), Err(Failure::NoOutput)));
        assert!(matches!(fails("--kernel /nowhere/k --bios b"), Err(Failure::Unreadable(_))));
    }
}
