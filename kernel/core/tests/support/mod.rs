//! What models of whole actors need: a kernel without an engine, and actors that are the models' own threads.

use std::sync::Arc;
use tessera_abi::image::{
    Entry, EntryKind, EntryName, IMAGE_MAGIC, IMAGE_VERSION, Image, ImageHead, checksum,
};
use tessera_abi::{Error, FaultKind, Name, Priority, Shape, SlotName};
use tessera_core::account::Account;
use tessera_core::actor::spawn::{Begin, Spawn, spawn};
use tessera_core::actor::{Actor, Args, Profile};
use tessera_core::cap::Capability;
use tessera_core::engine::{Engine, Fault, Limits, Module};
use tessera_core::kernel::{Config, Kernel};

/// Runs nothing: the models' actors are the models' threads.
struct NoEngine;

impl Engine for NoEngine {
    fn name(&self) -> &'static str {
        "none"
    }

    fn load(&self, _: &[u8]) -> Result<Arc<dyn Module>, Fault> {
        Err(Fault::new(FaultKind::MalformedModule, format_args!("there is no engine")))
    }
}

/// An image with one empty module, for the life of the process.
fn image() -> Image<'static> {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        let len = ImageHead::SIZE + Entry::SIZE;
        let name = EntryName::new_truncated("none");
        let entry = Entry { kind: EntryKind::Module, reserved: 0, name, offset: len as u64, len_bytes: 0 };
        let body = entry.encode();
        let (len_bytes, checksum) = (len as u64, checksum(&body));
        let head =
            ImageHead { magic: IMAGE_MAGIC, version: IMAGE_VERSION, entry_count: 1, len_bytes, checksum };
        [head.encode().as_slice(), body.as_slice()].concat()
    });
    Image::parse(bytes).unwrap()
}

/// A kernel whose actors are the model's threads.
pub fn kernel() -> Arc<Kernel> {
    Kernel::new(1, Config::default(), image(), Box::new(NoEngine), |_| Err(Error::NoMemory))
}

/// An actor of this priority that holds these and lives in this account, or else the machine's.
pub fn actor(
    kernel: &Arc<Kernel>,
    priority: Priority,
    account: Option<&Arc<Account>>,
    caps: Vec<(SlotName, Capability)>,
) -> Arc<Actor> {
    let name = Name::new_truncated("none");
    let limits = Limits { memory_bytes_max: 0, table_elements_max: 0, stack_bytes_max: 0 };
    let (shape, args) = (Shape::Main, Args::default());
    let profile = Profile { name, module: name, shape, priority, limits, args };
    let begin = Begin::WhenResumed;
    let (signal, code, account, lineage) = (None, None, account.cloned(), None);
    let (charge_max_bytes, slots_max) = (0, 4);
    let request = Spawn { profile, charge_max_bytes, slots_max, caps, signal, code, begin, account, lineage };
    spawn(kernel, request).unwrap()
}

/// With room for all that the kernel does on the way.
pub fn model(play: impl Fn() + Sync + Send + 'static) {
    builder().check(play);
}

/// What a model is played by.
pub fn builder() -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 20_000;
    builder
}
