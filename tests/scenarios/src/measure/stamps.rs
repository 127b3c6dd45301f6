//! When actors made their host calls, to the cycle.
//!
//! Owns a list of stamps for the whole process and the [`HostCalls`] that write it: when a `call`, a
//! `wait_any` or an `exit` arrived, and how late a `sleep_until` returned. Everything else goes on unnoted. What does not
//! fit is left out. One measure is on at a time, and its play clears the list.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use khal::time::{self, Instant};
use tessera_abi::{Error, HostCall};
use tessera_core::actor::Actor;
use tessera_core::engine::{Guest, HostCalls, Stop};

const ROOM: usize = 256;

static STAMPS: [AtomicU64; ROOM] = [const { AtomicU64::new(0) }; ROOM];
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// Makes an actor's host calls, for `Kernel::new`.
///
/// # Errors
/// `NoMemory`.
pub fn host_calls(actor: &Arc<Actor>) -> Result<Arc<dyn HostCalls>, Error> {
    let host = tessera_hostcall::host_calls(actor)?;
    tessera_core::fallible::share(Stamping { host }).map(|host| host as Arc<dyn HostCalls>)
}

/// Forgets all stamps.
pub fn clear() {
    TAKEN.store(0, Ordering::SeqCst);
}

/// The stamps since the last clearing.
pub fn all() -> Vec<u64> {
    let taken = TAKEN.load(Ordering::SeqCst);
    STAMPS.iter().take(taken).map(|stamp| stamp.load(Ordering::SeqCst)).collect()
}

fn note(stamp: u64) {
    // SeqCst costs what any locked instruction costs here, once a stamp.
    let at = TAKEN.fetch_add(1, Ordering::SeqCst);
    if let Some(place) = STAMPS.get(at) {
        place.store(stamp, Ordering::Relaxed);
    }
}

struct Stamping {
    host: Arc<dyn HostCalls>,
}

impl HostCalls for Stamping {
    fn call(&self, call: HostCall, args: &[u64], memory: &mut dyn Guest) -> Result<i64, Stop> {
        if matches!(call, HostCall::Call | HostCall::WaitAny | HostCall::Exit) {
            note(time::cycles());
        }
        let answer = self.host.call(call, args, memory);
        if call == HostCall::SleepUntil
            && let Some(due) = args.get(1)
        {
            note(time::now().since(Instant::from_nanos(*due)).as_nanos() as u64);
        }
        answer
    }
}
