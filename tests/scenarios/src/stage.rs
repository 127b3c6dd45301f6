//! What a scenario plays on: a kernel, and a way to let it run.
//!
//! Owns the helpers that scenarios are told with. Invariant: [`Stage::until`] is the only way time
//! passes; it ends by its condition or by a limit that is many times what anything needs.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use tessera_abi::{EndReason, EndRecord, Error, Name, ObjectKind, Policy, Priority, Shape, SlotName, Text};
use tessera_core::account::Account;
use tessera_core::actor::spawn::{Begin, Spawn, spawn};
use tessera_core::actor::{Actor, Args, Profile};
use tessera_core::cap::{Capability, Object, Pass};
use tessera_core::ipc::{By, Endpoint, Notification};
use tessera_core::kernel::Kernel;
use tessera_core::region::Region;

/// Longest that a condition is waited for: a bound for broken kernels, not a measure.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was not as it should be.
#[derive(Clone, Copy, Debug)]
pub struct Failure(pub Text<256>);

/// A failure with its text.
pub fn failure(what: core::fmt::Arguments<'_>) -> Failure {
    let mut text = Text::EMPTY;
    // A cut text is still the best there is to tell.
    let _cut = core::fmt::Write::write_fmt(&mut text, what);
    Failure(text)
}

/// States what must be so; otherwise the scenario has failed.
#[macro_export]
macro_rules! check {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err($crate::stage::failure(format_args!($($what)+)));
        }
    };
}

/// See the module.
pub struct Stage<'a> {
    /// The kernel of this scenario.
    pub kernel: Arc<Kernel>,
    /// Lets the machine run a little; false when nothing is left that could happen.
    pub run: &'a mut dyn FnMut() -> bool,
    /// How many rounds a scenario that looks for leaks plays, more than 10.
    pub rounds: usize,
    /// What a storm's dice begin with.
    pub seed: u64,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        failure(format_args!("refused: {}", error.name()))
    }
}

impl Stage<'_> {
    /// Lets the machine run until `condition` holds.
    ///
    /// # Errors
    /// When it does not come to hold.
    pub fn until(&mut self, what: &str, mut condition: impl FnMut() -> bool) -> Result<(), Failure> {
        let began = khal::time::now();
        while !condition() {
            let goes_on = (self.run)();
            if !goes_on && !condition() {
                return Err(failure(format_args!("nothing happens any more, but not: {what}")));
            }
            if khal::time::now().since(began) > PATIENCE {
                return Err(failure(format_args!("did not come to be: {what}")));
            }
        }
        Ok(())
    }

    /// A main actor.
    ///
    /// # Errors
    /// When it is refused.
    pub fn main(&self, module: &str, caps: Vec<Capability>) -> Result<Arc<Actor>, Failure> {
        self.actor(module, Shape::Main, Priority::Normal, caps)
    }

    /// An actor with 64 KiB of memory, or what the module needs if it is one of the larger.
    ///
    /// # Errors
    /// When it is refused.
    pub fn actor(
        &self,
        module: &str,
        shape: Shape,
        priority: Priority,
        caps: Vec<Capability>,
    ) -> Result<Arc<Actor>, Failure> {
        Ok(spawn(&self.kernel, request(module, shape, priority, caps))?)
    }

    /// Lets the machine run until `actor` has ended; how it did.
    ///
    /// # Errors
    /// When it does not end.
    pub fn end_of(&mut self, actor: &Arc<Actor>) -> Result<EndRecord, Failure> {
        let name = actor.profile().name;
        let what = failure(format_args!("{} ends", name.as_str()));
        self.until(what.0.as_str(), || actor.end().record().is_some())?;
        actor.end().record().ok_or(what)
    }

    /// Lets the machine run until `actor` has ended for this reason.
    ///
    /// # Errors
    /// When it does not end, or for another reason.
    pub fn ends(&mut self, actor: &Arc<Actor>, reason: EndReason) -> Result<(), Failure> {
        let end = self.end_of(actor)?;
        let name = actor.profile().name;
        check!(
            end.reason == reason,
            "{} ended: {:?} ({}), expected {reason:?}",
            name.as_str(),
            end.reason,
            end.detail.as_str()
        );
        Ok(())
    }
}

/// A main actor that lives in `account`.
///
/// # Errors
/// When it is refused.
pub fn guest(
    stage: &Stage<'_>,
    account: &Arc<Account>,
    module: &str,
    caps: Vec<Capability>,
) -> Result<Arc<Actor>, Failure> {
    let request = request(module, Shape::Main, Priority::Normal, caps);
    Ok(spawn(&stage.kernel, Spawn { account: Some(account.clone()), ..request })?)
}

/// A request for an actor of this module.
pub fn request(module: &str, shape: Shape, priority: Priority, caps: Vec<Capability>) -> Spawn {
    let memory = match module {
        "large" => 16 << 20,
        "fill_forever" => 1 << 20,
        _ => 128 << 10,
    };
    let (limits, charge_max_bytes) = tessera_hostcall::limits_for(memory, 0);
    let name = Name::new_truncated(module);
    let profile = Profile { name, module: name, shape, priority, limits, args: Args::default() };
    let caps = caps.into_iter().map(|capability| (SlotName::EMPTY, capability)).collect();
    // Room for what it begins with, what it makes and what it is sent.
    let slots_max = if module == "random_calls" { 28 } else { 16 };
    let begin = Begin::Now;
    let (signal, code, account, lineage) = (None, None, None, None);
    Spawn { profile, charge_max_bytes, slots_max, caps, signal, code, begin, account, lineage }
}

/// The first capability of an endpoint whose senders wait for room.
///
/// # Errors
/// When it cannot be made.
pub fn endpoint(capacity: u32) -> Result<Capability, Failure> {
    endpoint_with(capacity, Policy::Block)
}

/// An endpoint's first capability.
///
/// # Errors
/// When it cannot be made.
pub fn endpoint_with(capacity: u32, policy: Policy) -> Result<Capability, Failure> {
    Ok(Capability::first(Object::Endpoint(Endpoint::new(capacity, policy, None)?))?)
}

/// A notification's first capability.
///
/// # Errors
/// When it cannot be made.
pub fn notification() -> Result<Capability, Failure> {
    Ok(Capability::first(Object::Notification(Notification::new(None)?))?)
}

/// A region's first capability.
///
/// # Errors
/// When it cannot be made.
pub fn region(len_bytes: u64) -> Result<Capability, Failure> {
    Ok(Capability::first(Object::Region(Region::new(len_bytes, None, || true)?))?)
}

/// The first capability of an authority of this kind.
///
/// # Errors
/// When it cannot be made.
pub fn authority(kind: ObjectKind) -> Result<Capability, Failure> {
    Ok(Capability::first(Object::authority(kind)?)?)
}

/// Uses an endpoint in an actor's name, by the kernel's own leave.
pub fn by_kernel(actor: &Arc<Actor>) -> By<'_> {
    By { actor, pass: &Pass::KERNEL }
}

/// The endpoint that a capability names.
///
/// # Errors
/// When it names something else.
pub fn endpoint_of(capability: &Capability) -> Result<Arc<Endpoint>, Failure> {
    match capability.object() {
        Object::Endpoint(endpoint) => Ok(endpoint.clone()),
        _ => Err(failure(format_args!("not an endpoint"))),
    }
}
