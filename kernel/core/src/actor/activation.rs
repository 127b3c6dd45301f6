//! An actor's life on a kernel stack.
//!
//! An activation runs on a stack of its own and ends by returning from it. A main actor has one; a
//! handler has one for as long as messages wait, and then rests: its state stays, its stack goes back.
//! Everything the engine does for the actor happens inside the actor's containment: what it allocates
//! is charged to the actor, and a panic or a refused allocation ends the actor alone.
//!
//! The first activation gets the module (parsed once for all its instances), makes the instance,
//! runs its start function, then its entry point. Between quanta the [`Turn`] looks at the stop flag
//! and gives the core back when asked. Locks: `BODY`, briefly, to take the instance and put it back.

use super::{Actor, code};
use crate::account::Purse;
use crate::engine::{Completion, Entry, Fault, Fuel, Instance, Next, Pace, Stop};
use crate::fallible;
use crate::ipc::endpoint::Rest;
use crate::log::Writer;
use crate::trace::Happening;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;
use khal::contain::{self, Escape};
use khal::sync::atomic::Ordering;
use khal::thread::{Stack, Thread};
use tessera_abi::{EndReason, Error, FaultKind, Level, Line, Shape, TraceKind};

/// Why an actor is over.
pub(super) type Ending = (EndReason, Line);

/// How an activation ended.
struct Outcome {
    /// Why the actor is over; `None` for a handler that rests: its gate is armed, its next message
    /// starts another activation.
    ending: Option<Ending>,
    /// The program's state, if it came to have any.
    instance: Option<Box<dyn Instance>>,
}

impl Outcome {
    fn over(ending: Ending, instance: Option<Box<dyn Instance>>) -> Self {
        Outcome { ending: Some(ending), instance }
    }
}

/// Makes the thread of an actor's next activation. Gives the stack back when there is no memory for
/// the thread's closure.
pub(crate) fn begin(actor: &Arc<Actor>, stack: Stack) -> Result<Thread, Stack> {
    let own = actor.clone();
    match fallible::own(move || run(&own)) {
        Ok(body) => Ok(Thread::new(stack, body)),
        Err(_) => Err(stack),
    }
}

fn run(actor: &Arc<Actor>) {
    let Outcome { ending, instance } = live(actor);
    match ending {
        None => {
            actor.body.lock().instance = instance;
            actor.note_safe_point(true);
        }
        Some((EndReason::Killed, detail)) => finish(actor, actor.why_stopped(), detail, instance),
        Some((reason, detail)) => finish(actor, reason, detail, instance),
    }
}

fn live(actor: &Arc<Actor>) -> Outcome {
    let kept = actor.body.lock().instance.take();
    let mut instance = match kept {
        Some(instance) => instance,
        None => match start(actor) {
            Ok(instance) => instance,
            Err(ending) => return Outcome::over(ending, None),
        },
    };
    match actor.profile().shape {
        Shape::Main => {
            let ran = enter(actor, instance.as_mut(), Entry::Main);
            let ending = ran.err().unwrap_or((EndReason::Exited(0), Line::EMPTY));
            Outcome::over(ending, Some(instance))
        }
        Shape::Handler => {
            let ending = serve(actor, instance.as_mut());
            Outcome { ending, instance: Some(instance) }
        }
    }
}

/// Runs a handler until no message waits (`None`) or it is over.
fn serve(actor: &Arc<Actor>, instance: &mut dyn Instance) -> Option<Ending> {
    let (endpoint, pass) = actor.own_endpoint()?;
    // What it had received when it was last run.
    let mut before = None;
    loop {
        if actor.must_stop() {
            return Some((EndReason::Killed, Line::EMPTY));
        }
        match endpoint.rest(actor, &pass) {
            Ok(Rest::MessageWaits) => {
                let received = actor.tally().messages_in.load(Ordering::Relaxed);
                if before.is_some_and(|before| before != received) {
                    actor.pulse().next_message(khal::time::now());
                }
                before = Some(received);
                if let Err(ending) = enter(actor, instance, Entry::Handle) {
                    return Some(ending);
                }
            }
            Ok(Rest::Registered) if actor.must_stop() => {
                // The kill may have come before the gate was armed: then nobody else ends this wait.
                actor.gate().withdraw();
                actor.through().end();
            }
            Ok(Rest::Registered) => return None,
            Err(Error::Closed) => return Some((EndReason::Exited(0), Line::EMPTY)),
            Err(Error::Revoked) => {
                return Some((EndReason::Revoked, Line::new_truncated("its own endpoint was taken back")));
            }
            Err(error) => {
                let kind = FaultKind::OutOfMemory;
                return Some((EndReason::Fault(kind), Line::new_truncated(error.prose())));
            }
        }
    }
}

/// From a module to an instance whose start function has run.
fn start(actor: &Arc<Actor>) -> Result<Box<dyn Instance>, Ending> {
    // Taken out also when it is to stop: then its bytes go now, and not with the last who knows the actor.
    let given = actor.body.lock().code.take();
    if actor.must_stop() {
        return Err((EndReason::Killed, Line::EMPTY));
    }
    let mut instance = code::instance(actor, given)?;
    if instance.has_start()
        && let Err(ending) = enter(actor, instance.as_mut(), Entry::Start)
    {
        discard(actor, instance);
        return Err(ending);
    }
    Ok(instance)
}

/// Runs one entry point to its end.
fn enter(actor: &Arc<Actor>, instance: &mut dyn Instance, entry: Entry) -> Result<(), Ending> {
    let mut turn = Turn { actor, quantum: 0 };
    match contained(actor, || instance.activate(entry, &mut turn))? {
        Completion::Returned => Ok(()),
        Completion::Stopped(Stop::Exit(code)) => Err((EndReason::Exited(code), Line::EMPTY)),
        Completion::Stopped(Stop::Killed) => Err((EndReason::Killed, Line::EMPTY)),
        Completion::Stopped(Stop::Fault(found)) => Err(fault(found)),
    }
}

/// Runs a part of the engine's work inside the actor's containment.
pub(super) fn contained<R>(actor: &Arc<Actor>, work: impl FnOnce() -> Result<R, Fault>) -> Result<R, Ending> {
    match contain::enter(actor.meter(), work) {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(found)) => Err(fault(found)),
        Err(escape) => Err(escaped(&escape)),
    }
}

pub(super) fn fault(found: Fault) -> Ending {
    (EndReason::Fault(found.kind()), Line::new_truncated(found.detail()))
}

/// What an escape from containment says about the actor.
pub(crate) fn escaped(escape: &Escape) -> Ending {
    let found = match escape {
        Escape::Panic { .. } => Fault::new(FaultKind::EnginePanic, format_args!("{escape}")),
        Escape::OutOfMemory { .. } => Fault::new(FaultKind::OutOfMemory, format_args!("{escape}")),
    };
    fault(found)
}

fn discard(actor: &Arc<Actor>, instance: Box<dyn Instance>) {
    // A destructor that panics has nothing left to tell: the actor is over either way.
    let _over = contain::enter(actor.meter(), move || drop(instance));
}

/// Ends the actor: gives everything back, then tells whoever waits. In this order, so that who
/// has seen the end can count on the rest. All but the stack that this runs on: that comes back when
/// the thread has ended, a moment later than to the account.
fn finish(actor: &Arc<Actor>, reason: EndReason, detail: Line, instance: Option<Box<dyn Instance>>) {
    if let Some(instance) = instance {
        discard(actor, instance);
    }
    let kernel = actor.kernel();
    if actor.meter().live() != 0 {
        kernel.note_leak(actor);
    }
    if let Some((endpoint, _)) = actor.own_endpoint() {
        endpoint.forget(actor);
    }
    // Whatever it gave it takes along.
    actor.set_calling(None);
    let table = actor.table().lock().take_all();
    drop(table);
    drop(actor.take_inbox());
    actor.leave_account();
    report(actor, reason, &detail);
    kernel.registry().remove(actor.id());
    actor.end().latch(reason, detail);
}

#[cfg(loom)]
impl Actor {
    /// Ends it as its activation would: for models, whose actors have none.
    pub fn end_for_model(self: &Arc<Self>) {
        finish(self, EndReason::Killed, Line::EMPTY, None);
    }
}

fn report(actor: &Arc<Actor>, reason: EndReason, detail: &Line) {
    actor.kernel().trace().note(|| {
        let (kind, first, second) = match reason {
            EndReason::Fault(kind) => (TraceKind::Fault, u64::from(kind.number()), 0),
            EndReason::Exited(code) => (TraceKind::End, i64::from(code) as u64, 1),
            _ => (TraceKind::End, 0, 0),
        };
        Happening { kind, actor: actor.id().bits(), first, second }
    });
    let (level, what) = match reason {
        EndReason::Fault(_) => (Level::Error, "fault"),
        _ => (Level::Info, "ended"),
    };
    let code = if let EndReason::Exited(code) = reason { code } else { 0 };
    actor.kernel().log().write(
        level,
        Writer::kernel(),
        format_args!(
            "{what}: actor {} of module {}: {}{}{}{}",
            actor.profile().name.as_str(),
            actor.profile().module.as_str(),
            reason.name(),
            if code == 0 { "" } else { " with a failure code" },
            if detail.as_str().is_empty() { "" } else { ": " },
            detail.as_str(),
        ),
    );
}

/// How an actor is paced: an ordinary one in large quanta, billed in time; a metered one in what it has fuel for.
struct Turn<'a> {
    actor: &'a Arc<Actor>,
    /// The quantum that is on, or was last.
    quantum: u32,
}

impl Turn<'_> {
    fn pass(&self, used: Fuel) {
        let nanos = u64::from(used.0) * u64::from(self.actor.kernel().config().fuel_ns);
        khal::time::pass(Duration::from_nanos(nanos));
    }

    /// Gives the core back if that is asked for; whether the actor may go on.
    fn goes_on(&self) -> bool {
        self.actor.safe_point();
        !self.actor.must_stop()
    }

    fn quantum_fuel(&self) -> u32 {
        self.actor.kernel().scheduler().quantum()
    }

    /// The next quantum of an actor with a purse, once there is fuel for it.
    fn out_of(&self, purse: &Purse, used: Fuel) -> Option<u32> {
        contain::leave(|| {
            self.actor.book_fuel(purse, self.quantum, used.0);
            self.actor.fuel_up(purse, || self.quantum_fuel(), || self.goes_on())
        })
    }
}

impl Pace for Turn<'_> {
    fn quantum(&mut self, used: Fuel) -> Next {
        self.pass(used);
        let fuel = match self.actor.purse() {
            Some(purse) => self.out_of(purse, used),
            None => self.goes_on().then(|| self.quantum_fuel()),
        };
        self.quantum = fuel.unwrap_or(0);
        fuel.map_or(Next::Stop(Stop::Killed), |fuel| Next::Run(Fuel(fuel)))
    }

    fn ended(&mut self, used: Fuel) {
        self.pass(used);
        if let Some(purse) = self.actor.purse() {
            contain::leave(|| self.actor.settle_fuel(purse, self.quantum, used.0));
        }
    }
}
