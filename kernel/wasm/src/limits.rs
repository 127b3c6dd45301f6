//! An instance's limits in the interpreter's terms.
//!
//! Owns the shares of the stack limit and the limiter that the interpreter asks before memory,
//! tables or its heap of objects grow. One configuration an instance, because tinywasm ties the
//! limiter to it.
//!
//! Invariant: the four stacks together stay below `stack_bytes_max`. tinywasm looks at a stack's
//! maximum only when the stack is full and doubles it then, so one can become almost twice its
//! maximum; each therefore gets an eighth of the limit as its maximum and so at most a quarter of it.

use khal::sync::atomic::{AtomicUsize, Ordering};
use tessera_core::engine::Limits;
use tinywasm::engine::{Config, StackConfig};
use tinywasm::{ResourceLimiter, Trap};

/// Sizes of what the interpreter's four stacks hold, in bytes.
const FRAME_BYTES: usize = 32;
const VALUE_32_BYTES: usize = 4;
const VALUE_64_BYTES: usize = 8;
const VALUE_128_BYTES: usize = 16;

/// What the stacks begin with, in elements: enough for a small handler, and nothing for vectors,
/// which few actors use. They grow by doubling, so a deeper one pays once. Together a quarter of a KiB.
const FRAMES_FIRST: usize = 4;
const VALUES_32_FIRST: usize = 16;
const VALUES_64_FIRST: usize = 8;
const VALUES_128_FIRST: usize = 0;

/// The heap of Wasm GC objects is collected when it has grown by this much.
const COLLECT_EVERY_BYTES: usize = 64 * 1024;

/// The interpreter's configuration for an instance with these limits.
pub(crate) fn configuration(limits: &Limits) -> Config {
    let stack_bytes = usize::try_from(limits.stack_bytes_max).unwrap_or(usize::MAX);
    Config::new()
        .with_call_stack(stack(stack_bytes, FRAME_BYTES, FRAMES_FIRST))
        .with_value_stack_32(stack(stack_bytes, VALUE_32_BYTES, VALUES_32_FIRST))
        .with_value_stack_64(stack(stack_bytes, VALUE_64_BYTES, VALUES_64_FIRST))
        .with_value_stack_128(stack(stack_bytes, VALUE_128_BYTES, VALUES_128_FIRST))
        .with_gc_collection_threshold(COLLECT_EVERY_BYTES)
        .with_resource_limiter(Limiter::new(limits))
}

fn stack(limit_bytes: usize, element_bytes: usize, first: usize) -> StackConfig {
    let elements_max = limit_bytes / 8 / element_bytes;
    StackConfig::dynamic(first.min(elements_max), elements_max)
}

struct Limiter {
    memory_bytes_max: usize,
    table_elements_max: usize,
    /// Granted to all tables so far. An instance runs on one core at a time and is handed from one to
    /// the next by locks, so the order of this counter's own accesses does not matter.
    table_elements: AtomicUsize,
}

impl Limiter {
    fn new(limits: &Limits) -> Self {
        Self {
            memory_bytes_max: usize::try_from(limits.memory_bytes_max).unwrap_or(usize::MAX),
            table_elements_max: usize::try_from(limits.table_elements_max).unwrap_or(usize::MAX),
            table_elements: AtomicUsize::new(0),
        }
    }
}

impl ResourceLimiter for Limiter {
    /// An instance has one memory at most, so its size is the sum.
    fn memory_growing(&self, _now: usize, wanted: usize, _declared: Option<usize>) -> Result<bool, Trap> {
        Ok(wanted <= self.memory_bytes_max)
    }

    /// A growth that is granted here and then fails for want of memory stays counted: that makes the
    /// limit of that one actor stricter and never laxer.
    fn table_growing(&self, now: usize, wanted: usize, _declared: Option<usize>) -> Result<bool, Trap> {
        let granted = self.table_elements.load(Ordering::Relaxed);
        let total = granted.saturating_add(wanted.saturating_sub(now));
        let fits = total <= self.table_elements_max;
        if fits {
            self.table_elements.store(total, Ordering::Relaxed);
        }
        Ok(fits)
    }

    /// Objects of the GC proposal count against the same maximum as linear memory, by themselves.
    fn gc_growing(&self, _now: usize, wanted: usize, _declared: Option<usize>) -> Result<bool, Trap> {
        Ok(wanted <= self.memory_bytes_max)
    }
}
