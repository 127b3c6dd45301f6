//! A value that is made once, by the first who needs it.
//!
//! Owns: a mutex in which the value lies when it has been made, and this party's own copy.
//! Invariant: whoever makes it holds the lock, so nobody else begins; one who fails leaves it to be made by the next.
//! Does not: survive the end of the actor that is making it: the others wait until their deadlines, as with a mutex.

use alloc::vec::Vec;
use core::cell::OnceCell;

use tessera_abi::Error;

use super::Shared;
use super::mutex::Mutex;
use super::value::{Packed, Portable};
use crate::capability::Factory;
use crate::spawn::Plan;

/// A value that is made once. Its bytes can be one less than those of a message.
///
/// ```
/// use actor_sdk::sync::{Once, Shared};
/// use actor_sdk::{Error, Factory, NOW, Plan, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let factory = kernel.grant::<Factory>("factory");
/// let seed = Once::<u64>::new(&factory)?;
/// let worker = Plan::new("worker", "worker").share("seed", &seed); // There: Once::<u64>::find("seed")
/// assert_eq!(seed.get_or_make(NOW, || Ok(42)), Ok(&42));
/// assert_eq!(seed.get_or_make(NOW, || Ok(43)), Ok(&42));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Once<T> {
    state: Mutex<Maybe>,
    own: OnceCell<T>,
}

/// The value's own words and bytes, with a first byte before them when there is one.
#[derive(Debug)]
struct Maybe(Option<Packed>);

impl Portable for Maybe {
    fn pack(&self) -> Packed {
        self.0.as_ref().map_or_else(Packed::default, |made| {
            let bytes = core::iter::once(1).chain(made.bytes.iter().copied()).collect();
            Packed { words: made.words, bytes }
        })
    }

    fn unpack(packed: &Packed) -> Option<Self> {
        let made = packed.bytes.split_first();
        Some(Self(made.map(|(_, bytes)| Packed { words: packed.words, bytes: Vec::from(bytes) })))
    }
}

impl<T: Portable> Once<T> {
    /// A value that has not been made yet.
    ///
    /// # Errors
    /// [`Error::TableFull`], [`Error::NoMemory`].
    pub fn new(factory: &Factory) -> Result<Self, Error> {
        Ok(Self { state: Mutex::new(factory, &Maybe(None))?, own: OnceCell::new() })
    }

    /// The value; if nobody has made it yet, `make` does. Waits for somebody else who does until the deadline. Once this
    /// party has it, it is here for good.
    ///
    /// # Errors
    /// Those of `make`, and it is left to the next; [`Error::WouldBlock`] or [`Error::TimedOut`],
    /// [`Error::TooLong`] for a value that does not fit, [`Error::InvalidArgument`] for one that is no `T`.
    pub fn get_or_make(
        &self,
        deadline_ns: u64,
        make: impl FnOnce() -> Result<T, Error>,
    ) -> Result<&T, Error> {
        if let Some(own) = self.own.get() {
            return Ok(own);
        }
        let mut state = self.state.lock(deadline_ns)?;
        let value = match &state.0 {
            Some(made) => T::unpack(made).ok_or(Error::InvalidArgument)?,
            None => {
                let value = make()?;
                state.0 = Some(value.pack());
                state.unlock()?;
                value
            }
        };
        Ok(self.own.get_or_init(|| value))
    }
}

impl<T> Shared for Once<T> {
    fn grant_to(&self, plan: Plan, name: &str) -> Plan {
        self.state.grant_to(plan, name)
    }

    fn find(name: &str) -> Result<Self, Error> {
        Ok(Self { state: Shared::find(name)?, own: OnceCell::new() })
    }
}
