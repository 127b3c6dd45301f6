//! Checks a manifest and packs it with its modules into the image that the kernel boots with (D10).
//!
//! Owns: the way from ramdisk/system.toml to bytes; the layout is tessera-abi's.
//! Invariant: what packs without a report starts: every name resolves, every module is valid and fits its
//! actor, and every call that a module can make has a capability behind it or is excused by name.
//! Does not: read the disk itself; who calls says where modules and files come from, so that tests and the
//! hosted kernel pack in memory.

mod check;
mod encode;
mod manifest;
mod module;
mod problem;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use check::{ActorPlan, GrantPlan, Plan};
pub use module::Module;
pub use problem::{Problem, Report};

/// Where modules and files come from.
pub trait Inputs {
    /// The bytes of the module called `name`.
    fn module(&self, name: &str) -> Option<Vec<u8>>;

    /// The bytes of the file at `path`, relative to the manifest.
    fn file(&self, path: &str) -> Option<Vec<u8>>;
}

/// Modules and files in memory, by name.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The modules.
    pub modules: BTreeMap<String, Vec<u8>>,
    /// The files.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Inputs for Memory {
    fn module(&self, name: &str) -> Option<Vec<u8>> {
        self.modules.get(name).cloned()
    }

    fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path).cloned()
    }
}

/// Modules as `NAME.wasm` in a folder, files beside the manifest.
#[derive(Clone, Debug)]
pub struct Folders {
    /// Where the modules are.
    pub modules: PathBuf,
    /// Where the manifest is.
    pub files: PathBuf,
}

impl Folders {
    /// Modules from `modules`, files from beside `manifest`.
    #[must_use]
    pub fn new(modules: &Path, manifest: &Path) -> Self {
        Self { modules: modules.into(), files: manifest.parent().unwrap_or(Path::new(".")).into() }
    }
}

impl Inputs for Folders {
    fn module(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.modules.join(format!("{name}.wasm"))).ok()
    }

    fn file(&self, path: &str) -> Option<Vec<u8>> {
        std::fs::read(self.files.join(path)).ok()
    }
}

/// Checks the manifest `text`, which is called `path` in reports, and packs it.
///
/// # Errors
/// Everything that is wrong, in the order of the manifest's lines.
pub fn pack(path: &str, text: &str, inputs: &dyn Inputs) -> Result<Vec<u8>, Vec<Report>> {
    let mut reports = Reports { path, text, found: Vec::new() };
    let packed = match toml::from_str(text) {
        Ok(source) => encode::image(&check::check(&source, inputs, &mut reports)),
        Err(error) => {
            let first_line = error.message().lines().next().unwrap_or("not TOML").to_owned();
            reports.add(error.span().unwrap_or(0..0), Problem::Syntax(first_line));
            Vec::new()
        }
    };
    reports.found.sort_by_key(|report| report.line);
    if reports.found.is_empty() { Ok(packed) } else { Err(reports.found) }
}

/// Collects what is wrong.
struct Reports<'a> {
    path: &'a str,
    text: &'a str,
    found: Vec<Report>,
}

impl Reports<'_> {
    fn add(&mut self, place: Range<usize>, problem: Problem) {
        let before = self.text.get(..place.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        self.found.push(Report { path: self.path.into(), line, problem });
    }
}
