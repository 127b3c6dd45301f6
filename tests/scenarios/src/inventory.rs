//! What a kernel and its machine hold, to be compared: whatever happened in between, it is the same again.
//!
//! Owns a snapshot. Figures of capabilities, endpoints and the heap are the whole process's, so nothing else may
//! run beside what is compared.

use tessera_core::kernel::Kernel;

/// See the module.
#[derive(Clone, Copy)]
pub struct Inventory {
    actors: usize,
    capabilities: usize,
    endpoints: usize,
    stacks_lent: usize,
    timers: usize,
    heap_bytes: usize,
    heap_live: usize,
    frames_free: usize,
}

impl Inventory {
    /// What is there now.
    pub fn of(kernel: &Kernel) -> Self {
        let heap = khal::heap::stats();
        let ids = khal::cpu::all();
        Inventory {
            actors: kernel.registry().living(),
            capabilities: tessera_core::cap::object::living(),
            endpoints: tessera_core::ipc::endpoint::living(),
            stacks_lent: kernel.scheduler().stacks().figures().lent,
            timers: ids.map(|id| kernel.scheduler().core(id).timers().len()).sum(),
            heap_bytes: heap.bytes,
            heap_live: heap.live,
            frames_free: heap.frames_free,
        }
    }

    /// The first figure that differs: its name, this one's, the other's.
    pub fn difference(&self, other: &Inventory) -> Option<(&'static str, usize, usize)> {
        [
            ("actors", self.actors, other.actors),
            ("capabilities", self.capabilities, other.capabilities),
            ("endpoints", self.endpoints, other.endpoints),
            ("stacks lent", self.stacks_lent, other.stacks_lent),
            ("timers", self.timers, other.timers),
            ("live allocations", self.heap_live, other.heap_live),
            ("heap bytes", self.heap_bytes, other.heap_bytes),
            ("free frames", self.frames_free, other.frames_free),
        ]
        .into_iter()
        .find(|(_, now, then)| now != then)
    }
}
