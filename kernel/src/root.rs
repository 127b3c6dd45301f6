//! The first actor: the only one the kernel starts.
//!
//! It is the manifest's first, whatever it is called, and gets the first capability of every
//! authority of the kernel; everybody else's authority comes from it. When it ends, the machine does.

use crate::text;
use alloc::sync::Arc;
use tessera_abi::image::ImageError;
use tessera_abi::{EndReason, Error, Text};
use tessera_core::actor::spawn::{Begin, Spawn, spawn};
use tessera_core::actor::{Actor, Args, Profile};
use tessera_core::cap::table::DEFAULT_LIMIT;
use tessera_core::kernel::Kernel;

/// The status of a machine whose first actor ended otherwise than by exiting.
const ROOT_FAILED: u8 = 3;

/// Why there is no first actor.
#[derive(Debug)]
pub enum Wrong {
    /// The image's manifest cannot be read.
    Manifest(ImageError),
    /// The actor cannot be made.
    Spawn(Error),
}

impl Wrong {
    /// The line to show.
    pub fn text(&self) -> Text<256> {
        match self {
            Wrong::Manifest(error) => text(format_args!("the image's manifest: {error}")),
            Wrong::Spawn(error) => {
                text(format_args!("the manifest's first actor: {}: {}", error.name(), error.prose()))
            }
        }
    }
}

/// Starts it.
///
/// # Errors
/// What is wrong with the manifest, or why the actor cannot be made.
pub fn start(kernel: &Arc<Kernel>) -> Result<Arc<Actor>, Wrong> {
    let manifest = kernel.image().manifest().map_err(Wrong::Manifest)?;
    let first = manifest.actors().next().ok_or(Wrong::Spawn(Error::NotFound))?;
    let head = first.head;
    let (limits, charge_max_bytes) =
        tessera_hostcall::limits_for(head.memory_max_bytes, head.stack_max_bytes);
    let request = Spawn {
        profile: Profile {
            name: head.name,
            module: head.module,
            shape: head.shape,
            priority: head.priority,
            limits,
            args: Args::new(first.args.as_bytes()).map_err(Wrong::Spawn)?,
        },
        charge_max_bytes,
        slots_max: if head.slots_max == 0 { DEFAULT_LIMIT } else { head.slots_max },
        caps: kernel.first_capabilities().map_err(Wrong::Spawn)?,
        signal: None,
        code: None,
        begin: Begin::Now,
        account: None,
        lineage: None,
    };
    spawn(kernel, request).map_err(Wrong::Spawn)
}

/// Ends the machine if the first actor has ended: with its exit code, or with a failure that says why.
pub fn end_with_it(root: &Arc<Actor>) {
    let Some(end) = root.end().record() else { return };
    match end.reason {
        EndReason::Exited(code) => khal::power::exit(u8::try_from(code).unwrap_or(ROOT_FAILED)),
        reason => {
            crate::say(format_args!("the first actor ended: {}: {}", reason.name(), end.detail.as_str()));
            khal::power::exit(ROOT_FAILED)
        }
    }
}
