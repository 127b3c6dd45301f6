//! Where an actor begins: the two shapes, and what their macros call.
//!
//! Owns: [`Handler`], [`Outcome`], and the loops behind [`main!`](crate::main) and
//! [`handler!`](crate::handler).
//! Invariant: a handler runs once a message, and its value lives from its first message to its end.
//! Does not: export anything on the host, where tests call an actor's own functions.

use core::cell::RefCell;

use tessera_abi::{Error, NOW};

use crate::capability::Endpoint;
use crate::message::Incoming;
use crate::sys;

/// What a main actor's function returns: how the actor ends.
pub trait Outcome {
    /// The exit code, 0 for success.
    fn code(self) -> i32;
}

impl Outcome for () {
    fn code(self) -> i32 {
        0
    }
}

impl Outcome for i32 {
    fn code(self) -> i32 {
        self
    }
}

/// An error becomes its own number as the exit code.
impl Outcome for Result<(), Error> {
    fn code(self) -> i32 {
        self.map_or_else(|error| i32::from(error.number()), |()| 0)
    }
}

/// An actor that runs to completion once a message.
///
/// ```
/// use actor_sdk::{Handler, Incoming, Outgoing, fake};
///
/// struct Doubler;
///
/// impl Handler for Doubler {
///     fn start() -> Self {
///         Doubler
///     }
///
///     fn handle(&mut self, mut message: Incoming) {
///         let answer = Outgoing::new(message.label).word(0, message.word(0) * 2);
///         let _gone = message.reply(&answer);
///     }
/// }
/// actor_sdk::handler!(Doubler);
///
/// let mut kernel = fake::Kernel::new();
/// let answer = kernel.deliver(&mut Doubler::start(), fake::Parcel::new(1).word(0, 21)).unwrap();
/// assert_eq!(answer.words[0], 42);
/// ```
pub trait Handler: Sized {
    /// Makes the actor, when its first message is there.
    fn start() -> Self;

    /// Handles one message. A call that is not answered is refused when `message` is dropped.
    fn handle(&mut self, message: Incoming);
}

/// The one value of a handler actor. Its thread is the only one there is.
#[doc(hidden)]
#[derive(Debug)]
pub struct Resident<H>(sys::Alone<RefCell<Option<H>>>);

impl<H: Handler> Resident<H> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self(sys::Alone::new(RefCell::new(None)))
    }

    /// Takes the message that the activation is for and handles it.
    #[doc(hidden)]
    pub fn activate(&self) {
        let Ok(message) = Endpoint::own().recv(NOW) else { return };
        self.0.get().borrow_mut().get_or_insert_with(H::start).handle(message);
    }
}

/// Runs a main actor's function and ends the actor with its outcome.
#[doc(hidden)]
pub fn run_main<O: Outcome>(main: fn() -> O) {
    match main().code() {
        0 => {}
        code => sys::exit(code),
    }
}
