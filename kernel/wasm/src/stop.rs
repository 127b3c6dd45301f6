//! Why an activation is to end, from the host call that says so to the loop that ends it.
//!
//! Owns the form in which a store keeps it meanwhile. There is one in every instance, also of handlers that rest, so it
//! is small: a fault's text, which few instances ever have, is in a box of its own.
//! Invariant: the reason is never lost; a fault's text is when there is no memory for it.

use alloc::boxed::Box;

use tessera_abi::FaultKind;
use tessera_core::engine::{Fault, Stop};
use tessera_core::fallible;

pub(crate) enum Kept {
    Exit(i32),
    Killed,
    Fault(Box<Fault>),
    FaultWithoutText(FaultKind),
}

impl From<Stop> for Kept {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Exit(code) => Kept::Exit(code),
            Stop::Killed => Kept::Killed,
            Stop::Fault(fault) => {
                let kind = fault.kind();
                fallible::own(fault).map_or(Kept::FaultWithoutText(kind), Kept::Fault)
            }
        }
    }
}

impl From<Kept> for Stop {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Exit(code) => Stop::Exit(code),
            Kept::Killed => Stop::Killed,
            Kept::Fault(fault) => Stop::Fault(*fault),
            Kept::FaultWithoutText(kind) => Stop::Fault(Fault::new(kind, format_args!(""))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_comes_out_as_it_went_in() {
        let fault = Fault::new(FaultKind::ActorPanic, format_args!("lost at sea"));
        for stop in [Stop::Exit(-3), Stop::Killed, Stop::Fault(fault)] {
            assert_eq!(Stop::from(Kept::from(stop.clone())), stop);
        }
    }

    #[test]
    fn every_instance_has_room_for_it() {
        assert!(size_of::<Option<Kept>>() <= 16);
    }
}
