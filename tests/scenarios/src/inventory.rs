//! What a kernel and its machine hold, to be compared: whatever happened in between, it is the same again.
//!
//! Owns a snapshot. Figures of capabilities, endpoints and the heap are the whole process's, so nothing else may
//! run beside what is compared.

use crate::stage::{Stage, failure};
use crate::{Failure, Verdict};
use tessera_abi::Resource;
use tessera_core::account::Figures;
use tessera_core::kernel::Kernel;

/// See the module.
#[derive(Clone, Copy)]
pub struct Inventory {
    actors: usize,
    capabilities: usize,
    endpoints: usize,
    stacks_lent: usize,
    timers: usize,
    /// Of the machine's account, of which all the others are.
    charged: [usize; 4],
    heap_bytes: usize,
    heap_live: usize,
    frames_free: usize,
    region_frames: usize,
}

impl Inventory {
    /// What is there now.
    pub fn of(kernel: &Kernel) -> Self {
        let heap = khal::heap::stats();
        let ids = khal::cpu::all();
        let charged = |resource| {
            let Figures { used, given, .. } = kernel.account().figures(resource);
            (used + given) as usize
        };
        Inventory {
            actors: kernel.registry().living(),
            capabilities: tessera_core::cap::capability::living(),
            endpoints: tessera_core::ipc::endpoint::living(),
            stacks_lent: kernel.scheduler().stacks().figures().lent,
            timers: ids.map(|id| kernel.scheduler().core(id).timers().len()).sum(),
            charged: [Resource::Memory, Resource::Slots, Resource::Mailbox, Resource::Actors].map(charged),
            heap_bytes: heap.bytes,
            heap_live: heap.live,
            frames_free: heap.frames_free,
            region_frames: khal::runs::held_frames(),
        }
    }

    /// The first figure that differs: its name, this one's, the other's.
    pub fn difference(&self, other: &Inventory) -> Option<(&'static str, usize, usize)> {
        let [memory, slots, mailbox, actors] = self.charged;
        let [memory_then, slots_then, mailbox_then, actors_then] = other.charged;
        [
            ("actors", self.actors, other.actors),
            ("capabilities", self.capabilities, other.capabilities),
            ("endpoints", self.endpoints, other.endpoints),
            ("stacks lent", self.stacks_lent, other.stacks_lent),
            ("timers", self.timers, other.timers),
            ("memory charged", memory, memory_then),
            ("slots charged", slots, slots_then),
            ("mailbox charged", mailbox, mailbox_then),
            ("actors charged", actors, actors_then),
            ("live allocations", self.heap_live, other.heap_live),
            ("heap bytes", self.heap_bytes, other.heap_bytes),
            ("free frames", self.frames_free, other.frames_free),
            ("frames of regions", self.region_frames, other.region_frames),
        ]
        .into_iter()
        .find(|(_, now, then)| now != then)
    }

    /// Lets the machine run until all is as it was: another core may still be letting go of what has ended.
    ///
    /// # Errors
    /// The first figure that differs and goes on to.
    pub fn comes_back(&self, stage: &mut Stage<'_>) -> Verdict {
        let kernel = stage.kernel.clone();
        let same = stage.until("all is as it was", || Inventory::of(&kernel).difference(self).is_none());
        match (same, Inventory::of(&kernel).difference(self)) {
            (Err(_), Some((name, now, then))) => Err(failure(format_args!("{name}: {now}, before: {then}"))),
            _ => Ok(()),
        }
    }
}

/// What is there once the other cores have finished what they are at.
///
/// # Errors
/// When stacks do not come back.
pub fn settle(stage: &mut Stage<'_>) -> Result<Inventory, Failure> {
    let kernel = stage.kernel.clone();
    stage.until("all stacks are back", || kernel.scheduler().stacks().figures().lent == 0)?;
    for _ in 0..50 {
        (stage.run)();
    }
    Ok(Inventory::of(&kernel))
}
