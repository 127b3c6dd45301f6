//! A kernel for an author's own tests: `cargo test` on the host, no machine, no threads, no waiting.
//!
//! Owns: one actor's view of a kernel, kept for the thread that a test runs on; the other side of every
//! capability is the test. Calls go through the same table and the same bytes as on the machine.
//! Invariants: a [`Kernel`] begins empty and takes everything away again when it is dropped; time is
//! virtual; a wait that nothing could end stops the test and names the call.
//! Does not: schedule, or run two actors at once.
//!
//! ```
//! use actor_sdk::{Capability, Endpoint, Error, NEVER, Outgoing, abi::HostCall, fake};
//!
//! fn ask(server: &Endpoint) -> Result<u64, Error> {
//!     server.call(&Outgoing::new(1), NEVER).map(|answer| answer.word(0))
//! }
//!
//! let mut kernel = fake::Kernel::new();
//! let server = kernel.grant::<Endpoint>("server");
//! kernel.answer("server", |_request| Ok(fake::Parcel::new(0).word(0, 42)));
//! assert_eq!(ask(&server), Ok(42));
//!
//! // And when the kernel refuses:
//! kernel.refuse(HostCall::Call, Error::PeerDead);
//! assert_eq!(ask(&server), Err(Error::PeerDead));
//! ```

mod calls;
mod limits;
mod lineages;
mod lives;
mod parcel;
mod port;
mod pulses;
mod records;
mod spawned;
mod state;
mod stats;

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tessera_abi::account::UNMETERED;
use tessera_abi::{
    AccountRecord, Amounts, EndReason, Error, FaultKind, HostCall, NOW, Name, ObjectKind, Policy,
    PowerAction, Rights,
};

pub use parcel::Parcel;
pub use spawned::Spawned;

use crate::capability::{Capability, Endpoint, Slot};
use crate::entry::{Handler, Outcome};
use crate::sys::Memory;
use calls::Calls;
use state::{FakeEndpoint, Held, Object, Refusal, State, Window};

/// The length of a region that is granted by name.
const REGION_BYTES: usize = 64 * 1024;

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::default());
}

/// How a host call does not come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Ended(EndReason, String),
    Power(PowerAction),
    WaitsForEver(HostCall),
    NotInTable(HostCall, Error),
    NothingToDo,
}

impl Stop {
    /// Leaves the actor's code, up to [`Kernel::run`] or the end of the test.
    pub(crate) fn unwind(self) -> ! {
        match self {
            Self::WaitsForEver(call) => {
                stop_test(&format!("{} waits for ever: nothing in this test can end it", call.name()))
            }
            Self::NotInTable(call, error) => {
                stop_test(&format!("{} never refuses with {}: see docs/ABI.md", call.name(), error.name()))
            }
            other => resume_unwind(Box::new(other)),
        }
    }
}

#[expect(clippy::panic, reason = "this is how a test fails")]
fn stop_test(why: &str) -> ! {
    panic!("{why}")
}

/// Why a call gives no value.
pub(crate) enum Refused {
    With(Error),
    Stop(Stop),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::With(error)
    }
}

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Answers a host call of the actor under test. A refusal that the table does not know for the call stops
/// the test, whether it was injected or is the fake kernel's own: no real kernel would give it.
pub(crate) fn answer(call: HostCall, arguments: &[u64], memory: &mut Memory) -> Result<i64, Stop> {
    STATE.with_borrow_mut(|state| match (Calls { state, memory }).dispatch(call, arguments) {
        Ok(value) => Ok(tessera_abi::answer(Ok(value))),
        Err(Refused::With(error)) if call.row().refuses_with(error) => Ok(error.to_answer()),
        Err(Refused::With(error)) => Err(Stop::NotInTable(call, error)),
        Err(Refused::Stop(stop)) => Err(stop),
    })
}

/// How an actor under test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As the kernel would report it, with the text of a panic or fault.
    As(EndReason, String),
    /// It switched the machine off or restarted it.
    Power(PowerAction),
}

/// The fake kernel of this thread.
#[derive(Debug)]
pub struct Kernel {
    /// The state belongs to the thread.
    not_send: PhantomData<*const ()>,
}

impl Default for Kernel {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        // A test that fails inside a call still holds the state; the next `new` clears it then.
        STATE.with(|state| state.try_borrow_mut().map(|mut state| *state = State::default()).ok());
    }
}

/// Setting up.
impl Kernel {
    /// A kernel with an actor that has its own endpoint in slot 0 and nothing else.
    #[must_use]
    pub fn new() -> Self {
        STATE.with_borrow_mut(|state| *state = State { slots_max: 64, random: 1, ..State::default() });
        let kernel = Self { not_send: PhantomData };
        kernel.install("", Rights::of(ObjectKind::Endpoint), Object::Endpoint(0));
        STATE.with_borrow_mut(|state| {
            state.endpoints.push(FakeEndpoint::new(1024, Policy::Block));
        });
        kernel
    }

    fn install(&self, name: &str, rights: Rights, object: Object) -> Slot {
        let held = Held::first(object, rights, name.to_owned());
        STATE.with_borrow_mut(|state| match state.install(held) {
            Ok(handle) => Slot::wired(handle),
            Err(_) => stop_test("the fake table is full"),
        })
    }

    /// Hands the actor a capability with every right of its kind, to be found by `name`.
    pub fn grant<C: Capability>(&mut self, name: &str) -> C {
        self.grant_with(name, Rights::of(C::KIND))
    }

    /// Hands the actor a capability with these rights, to be found by `name`.
    pub fn grant_with<C: Capability>(&mut self, name: &str, rights: Rights) -> C {
        let object = STATE.with_borrow_mut(|state| match C::KIND {
            ObjectKind::Endpoint => {
                state.endpoints.push(FakeEndpoint::new(16, Policy::Block));
                Object::Endpoint(state.endpoints.len() - 1)
            }
            ObjectKind::Notification => {
                state.notifications.push(0);
                Object::Notification(state.notifications.len() - 1)
            }
            ObjectKind::Region => {
                state.memories.push(vec![0; REGION_BYTES]);
                let memory = state.memories.len() - 1;
                Object::Region(Window { memory, start: 0, end: REGION_BYTES as u64 })
            }
            // The machine's, which has the most of everything and is not metered.
            ObjectKind::Account => {
                let (name, most) = (Name::new_truncated(name), Amounts { fuel: UNMETERED, ..Amounts::MOST });
                Object::Account(state.add_account(AccountRecord::NO_PARENT, name, &most))
            }
            kind => Object::Single(kind),
        });
        C::from_slot(self.install(name, rights, object))
    }

    /// Lets the peer behind the endpoint called `name` answer every call with `answer`.
    pub fn answer(&mut self, name: &str, answer: impl FnMut(&Parcel) -> Result<Parcel, Error> + 'static) {
        self.with_endpoint(name, |endpoint| endpoint.answer = Some(Box::new(answer)));
    }

    /// Puts a message into the endpoint called `name`; the empty name is the actor's own.
    pub fn push(&mut self, name: &str, parcel: Parcel) {
        self.with_endpoint(name, |endpoint| endpoint.queue.push_back(parcel));
    }

    /// The parcel with a copy of what was granted as `name`, with at most these rights: for a peer to send.
    #[must_use]
    pub fn carrying(&self, mut parcel: Parcel, name: &str, rights: Rights) -> Parcel {
        STATE.with_borrow(|state| match state.find(name) {
            Some((_, held)) => {
                let rights = held.rights.intersection(rights);
                parcel.caps.push(Held { rights, name: String::new(), ..held.clone() });
            }
            None => stop_test(&format!("nothing was granted as {name:?}")),
        });
        parcel
    }

    /// Refuses the next use of `call` with `error`.
    pub fn refuse(&mut self, call: HostCall, error: Error) {
        self.refuse_after(call, 0, error);
    }

    /// Lets `call` pass so many times and then refuses it once with `error`.
    pub fn refuse_after(&mut self, call: HostCall, passes: usize, error: Error) {
        STATE.with_borrow_mut(|state| state.refusals.push(Refusal { call, passes, error }));
    }

    /// Limits the actor's capability table.
    pub fn limit_slots(&mut self, slots_max: usize) {
        STATE.with_borrow_mut(|state| state.slots_max = slots_max);
    }

    /// Types at the console.
    pub fn type_in(&mut self, text: &str) {
        STATE.with_borrow_mut(|state| state.console_in.extend(text.bytes()));
    }

    /// Sets the actor's argument text.
    pub fn set_args(&mut self, args: &str) {
        STATE.with_borrow_mut(|state| state.args = args.to_owned());
    }

    /// Sets the packed image.
    pub fn set_image(&mut self, image: &[u8]) {
        STATE.with_borrow_mut(|state| state.image = image.to_vec());
    }

    fn with_endpoint<R>(&self, name: &str, look: impl FnOnce(&mut FakeEndpoint) -> R) -> R {
        STATE.with_borrow_mut(|state| {
            let index = match state.find(name) {
                Some((_, Held { object: Object::Endpoint(index), .. })) => *index,
                _ if name.is_empty() => 0,
                _ => stop_test(&format!("no endpoint was granted as {name:?}")),
            };
            match state.endpoints.get_mut(index) {
                Some(endpoint) => look(endpoint),
                None => stop_test("the fake kernel lost an endpoint"),
            }
        })
    }
}

/// Running, and looking at what came of it.
impl Kernel {
    /// Runs a main actor's function to its end, also by exit, panic or power-off.
    pub fn run<O: Outcome>(&mut self, main: impl FnOnce() -> O) -> Ended {
        match catch_unwind(AssertUnwindSafe(main)) {
            Ok(outcome) => Ended::As(EndReason::Exited(outcome.code()), String::new()),
            Err(payload) => ended(payload),
        }
    }

    /// Gives a handler one message as a call, and returns what it answered, if it did.
    pub fn deliver<H: Handler>(&mut self, handler: &mut H, parcel: Parcel) -> Option<Parcel> {
        let call = STATE.with_borrow_mut(|state| {
            state.replies.push(None);
            state.replies.len() - 1
        });
        self.push("", Parcel { call: Some(call), ..parcel });
        if let Ok(message) = Endpoint::own().recv(NOW) {
            handler.handle(message);
        }
        STATE.with_borrow_mut(|state| state.replies.get_mut(call).and_then(Option::take))
    }

    /// Takes what was sent to the endpoint called `name` and not received.
    pub fn sent(&mut self, name: &str) -> Vec<Parcel> {
        self.with_endpoint(name, |endpoint| endpoint.queue.drain(..).collect())
    }

    /// The log's lines without their frills.
    #[must_use]
    pub fn log_lines(&self) -> Vec<String> {
        STATE.with_borrow(|state| state.log.iter().map(|entry| entry.text.as_str().to_owned()).collect())
    }

    /// Takes what was written to the console.
    pub fn console_output(&mut self) -> String {
        STATE.with_borrow_mut(|state| {
            String::from_utf8_lossy(&std::mem::take(&mut state.console_out)).into_owned()
        })
    }

    /// The virtual time in nanoseconds since boot.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        STATE.with_borrow(|state| state.now_ns)
    }

    /// How many slots of its table the actor uses, its own endpoint included.
    #[must_use]
    pub fn slots_used(&self) -> usize {
        STATE.with_borrow(State::slots_used)
    }

    /// What the actor has spawned.
    #[must_use]
    pub fn spawned(&self) -> Vec<Spawned> {
        STATE.with_borrow(|state| state.actors.clone())
    }
}

fn ended(payload: Box<dyn Any + Send>) -> Ended {
    match payload.downcast::<Stop>() {
        Ok(stop) => match *stop {
            Stop::Ended(reason, text) => Ended::As(reason, text),
            Stop::Power(action) => Ended::Power(action),
            other => resume_unwind(Box::new(other)),
        },
        Err(payload) => match payload.downcast_ref::<&str>().map(|text| (*text).to_owned()) {
            Some(text) => Ended::As(EndReason::Fault(FaultKind::ActorPanic), text),
            None => {
                let text = payload.downcast_ref::<String>().cloned().unwrap_or_default();
                Ended::As(EndReason::Fault(FaultKind::ActorPanic), text)
            }
        },
    }
}
