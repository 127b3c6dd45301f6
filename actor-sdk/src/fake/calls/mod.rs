//! The fake kernel's answers, one method a host call, dispatched from the one table.
//!
//! Owns: what each call does to the [`State`]. A call without a method does not compile.
//! Invariants: refusals come before changes, and are those of the table; time is virtual: a wait with a
//! deadline that nothing can end moves the clock there, and one without stops the test.
//! Does not: run peers. What another actor would do is what the test has scripted.

mod accounts;
mod actors;
mod devices;
mod ipc;
mod lives;
mod regions;
mod waiting;

use tessera_abi::arg::{self, Argument};
use tessera_abi::inspect::CapabilityInfo;
use tessera_abi::{
    Derivation, EndReason, Error, FaultKind, Handle, HostCall, NEVER, NOW, Needs, ObjectKind, RevokeReceipt,
    RevokeScope, Rights, for_each_host_call,
};

use super::state::{Held, Object, State};
use super::{Refused, Stop};
use crate::sys::Memory;

/// A host call's two sides: the actor's memory and the kernel's state.
pub struct Calls<'a> {
    pub state: &'a mut State,
    pub memory: &'a mut Memory,
}

pub type Outcome = Result<u64, Refused>;

macro_rules! declare_dispatch {
    ($($number:literal $variant:ident $name:ident($($arg:ident: $meaning:ident),*) needs $needs:ident [$($right:ident)*]
        gives $gives:literal refuses [$($error:ident)*] $prose:literal;)*) => {
        impl Calls<'_> {
            /// Answers a call, or says how it ends the actor.
            pub fn dispatch(&mut self, call: HostCall, arguments: &[u64]) -> Outcome {
                if let Some(error) = self.state.injected(call) {
                    return Err(error.into());
                }
                self.state.expires_at_ns = None;
                if call.row().needs != Needs::Nothing {
                    let handle = Handle::from_bits(arguments.first().copied().unwrap_or(0));
                    self.state.expires_at_ns = self.state.resolve(call, handle)?.limits.expires_at_ns();
                }
                let mut rest = arguments.iter().copied();
                match call {
                    $(HostCall::$variant => {
                        $(let $arg = <arg::$meaning as Argument>::from_bits(rest.next().unwrap_or(0));)*
                        self.$name($($arg),*)
                    })*
                }
            }
        }
    };
}
for_each_host_call!(declare_dispatch);

/// The actor itself and its table.
impl Calls<'_> {
    fn exit(&mut self, code: u32) -> Outcome {
        Err(Stop::Ended(EndReason::Exited(code.cast_signed()), String::new()).into())
    }

    fn yield_now(&mut self) -> Outcome {
        Ok(0)
    }

    fn panic(&mut self, text: u32, len: u32) -> Outcome {
        let text = self.text(text, len)?;
        Err(Stop::Ended(EndReason::Fault(FaultKind::ActorPanic), text).into())
    }

    fn args_read(&mut self, buffer: u32, capacity: u32) -> Outcome {
        let args = self.state.args.clone();
        self.put_some(buffer, capacity, args.as_bytes())?;
        Ok(args.len() as u64)
    }

    fn cap_copy(&mut self, handle: u64, rights: u32, badge: u64) -> Outcome {
        let rights = Rights::from_bits(rights).ok_or(Error::InvalidArgument)?;
        self.derive(handle, &Derivation { badge, ..Derivation::copy(rights) })
    }

    fn cap_derive(&mut self, handle: u64, derivation: u32) -> Outcome {
        let bytes = self.memory.read(derivation, Derivation::SIZE as u32)?;
        let wanted = Derivation::decode(bytes).map_err(|_| Error::InvalidArgument)?;
        self.derive(handle, &wanted)
    }

    fn derive(&mut self, handle: u64, wanted: &Derivation) -> Outcome {
        let held = self.state.lookup(Handle::from_bits(handle))?.clone();
        if wanted.badge != 0 && held.badge != 0 && wanted.badge != held.badge {
            return Err(Error::MissingRight.into());
        }
        let badge = if wanted.badge == 0 { held.badge } else { wanted.badge };
        if held.object.kind() == ObjectKind::Reply {
            return Err(Error::InvalidArgument.into());
        }
        let rights = held.rights.intersection(wanted.rights);
        let from = Some(Handle::from_bits(handle));
        if self.state.slots_free() == 0 {
            return Err(Error::TableFull.into());
        }
        let limits = held.limits.below(wanted)?;
        Ok(self.state.install(Held { rights, badge, name: String::new(), from, limits, ..held })?.bits())
    }

    fn cap_limits(&mut self, handle: u64, limits: u32) -> Outcome {
        let held = self.state.lookup(Handle::from_bits(handle))?;
        let record = held.limits.record(self.state.now_ns);
        self.memory.write(limits, &record.encode())?;
        Ok(0)
    }

    fn cap_revoke(&mut self, handle: u64, scope: u32, receipt: u32) -> Outcome {
        let handle = Handle::from_bits(handle);
        if self.state.lookup(handle)?.object.kind() == ObjectKind::Reply {
            return Err(Error::InvalidArgument.into());
        }
        let scope = RevokeScope::from_number(scope).ok_or(Error::InvalidArgument)?;
        let mut gone = self.state.derived_from(handle);
        if matches!(scope, RevokeScope::Whole | RevokeScope::CountWhole) {
            gone.push(handle);
        }
        // This actor is the only one that there is, and it is not blocked.
        let (nodes, actors) = (gone.len() as u64, u64::from(!gone.is_empty()));
        self.memory.write(receipt, &RevokeReceipt { nodes, actors, waiters: 0 }.encode())?;
        if matches!(scope, RevokeScope::Below | RevokeScope::Whole) {
            // What was asked for by a capability is below it.
            self.state.asked.take_if(|(by, ..)| *by == handle || gone.contains(by));
            gone.into_iter().for_each(|handle| self.state.take_back(handle));
        }
        Ok(0)
    }

    fn cap_drop(&mut self, handle: u64) -> Outcome {
        self.state.remove(Handle::from_bits(handle))?;
        Ok(0)
    }

    fn cap_info(&mut self, handle: u64, info: u32) -> Outcome {
        let held = self.state.lookup(Handle::from_bits(handle))?;
        let record = CapabilityInfo {
            kind: held.object.kind(),
            state: held.state,
            usage: held.usage,
            reserved: 0,
            rights: held.rights,
            badge: held.badge,
        };
        self.memory.write(info, &record.encode())?;
        Ok(0)
    }

    fn cap_find(&mut self, name: u32, len: u32) -> Outcome {
        let name = self.text(name, len)?;
        self.state.find(&name).map(|(handle, _)| handle.bits()).ok_or(Error::NotFound.into())
    }
}

/// What several calls need.
impl Calls<'_> {
    /// How a wait ends that nothing in a test can end: by its deadline, with its capability, or by stopping
    /// the test.
    pub(super) fn wait(&mut self, call: HostCall, deadline: u64) -> Refused {
        let expires = self.state.expires_at_ns.filter(|at| *at < deadline);
        let (moment, error) = match (deadline, expires) {
            (NOW, _) => return Error::WouldBlock.into(),
            (_, Some(moment)) => (moment, Error::Expired),
            (NEVER, None) => return Stop::WaitsForEver(call).into(),
            (moment, None) => (moment, Error::TimedOut),
        };
        self.state.now_ns = self.state.now_ns.max(moment);
        error.into()
    }

    pub(super) fn text(&self, address: u32, len: u32) -> Result<String, Error> {
        let bytes = self.memory.read(address, len)?;
        str::from_utf8(bytes).map(str::to_owned).map_err(|_| Error::InvalidArgument)
    }

    pub(super) fn put_some(&mut self, buffer: u32, capacity: u32, bytes: &[u8]) -> Outcome {
        let some = bytes.get(..capacity as usize).unwrap_or(bytes);
        self.memory.write(buffer, some)?;
        Ok(some.len() as u64)
    }

    pub(super) fn install_new(&mut self, object: Object) -> Outcome {
        let rights = Rights::of(object.kind());
        Ok(self.state.install(Held::first(object, rights, String::new()))?.bits())
    }

    /// The capability as its receiver would get it.
    pub(super) fn granted(&self, handle: Handle, rights: Rights) -> Result<Held, Error> {
        let held = self.state.usable(handle)?;
        if held.rights.contains(rights.union(Rights::GRANT)) {
            Ok(Held { rights, name: String::new(), ..held.clone() })
        } else {
            Err(Error::MissingRight)
        }
    }
}
