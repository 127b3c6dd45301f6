//! Carries what is typed to the console's server: an actor waits for one thing at a time, so the server waits
//! for messages and this one for keys.
//!
//! Invariant: a call carries each piece, so when the server's buffer is full the keys wait here, in the
//! kernel's queue and in the machine's, and none is lost.
//! Does not: interpret keys.
#![no_std]

use actor_sdk::protocol::console as label;
use actor_sdk::{Capability, Console, Endpoint, Error, NEVER, Outgoing};

const PIECE_BYTES: usize = 128;

fn run() -> Result<(), Error> {
    let (keys, server) = (Console::find("keys")?, Endpoint::find("server")?);
    server.call_expecting(&Outgoing::new(label::READY), 0, NEVER)?;
    let mut piece = [0; PIECE_BYTES];
    loop {
        let len_bytes = keys.read(&mut piece, NEVER)?;
        let typed = piece.get(..len_bytes).unwrap_or_default();
        server.call_expecting(&Outgoing::new(label::TYPED).bytes(typed), 0, NEVER)?;
    }
}
actor_sdk::main!(run);

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use actor_sdk::abi::HostCall;
    use actor_sdk::fake::{Kernel, Parcel};
    use std::{cell::RefCell, rc::Rc, vec::Vec};

    #[test]
    fn every_key_arrives_in_order_after_the_greeting() {
        let mut kernel = Kernel::new();
        kernel.grant::<Console>("keys");
        kernel.grant::<Endpoint>("server");
        let got = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&got);
        kernel.answer("server", move |parcel| {
            log.borrow_mut().push((parcel.label, parcel.bytes.len()));
            Ok(Parcel::new(0))
        });
        kernel.type_in(&"x".repeat(200));
        kernel.refuse_after(HostCall::ConsoleRead, 2, Error::Cancelled);
        assert_eq!(run(), Err(Error::Cancelled));
        assert_eq!(*got.borrow(), [(label::READY, 0), (label::TYPED, 128), (label::TYPED, 72)]);
    }
}
