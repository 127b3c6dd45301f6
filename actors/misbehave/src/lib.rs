//! Does what an actor must not: its argument says what. Used by tests, which look at how it ends and that
//! nobody else notices.
//!
//! Invariant: safe Rust throughout; whatever goes wrong is the kernel's and the engine's to contain. A way
//! that is refused as it should be ends with code 0; one that got through ends with 1.
#![no_std]

extern crate alloc;

use alloc::vec::Vec;

use actor_sdk::abi::Handle;
use actor_sdk::capability::Slot;
use actor_sdk::{Capability, Endpoint, Error, Factory, NOW, Outgoing, args};
use core::hint::black_box;

fn run() -> i32 {
    match args().as_str() {
        "loop" => endless(),
        "grow" => grow(),
        "recurse" => i32::from(recurse(black_box(1)) == 0),
        "overflow-stack" => i32::from(overflow_stack(black_box(1)) == 0),
        "forge" => forge(),
        "stale" => stale().unwrap_or(1),
        "flood" => flood(),
        "exhaust-slots" => exhaust_slots(),
        "panic" => misbehave_by_panic(),
        "trap" => trap(),
        "exit" => 7,
        _ => 2,
    }
}
actor_sdk::main!(run);

fn endless() -> i32 {
    loop {
        black_box(0);
    }
}

/// Takes memory until it is refused, then ends well: the refusal is an answer, not a fault.
fn grow() -> i32 {
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut block = Vec::new();
        if blocks.try_reserve(1).is_err() || block.try_reserve_exact(1 << 16).is_err() {
            return 0;
        }
        block.resize(1 << 16, 0xa5);
        blocks.push(block);
    }
}

/// Goes down for ever with nothing in linear memory: the engine's stacks end it.
#[expect(unconditional_recursion, reason = "this is how it misbehaves")]
fn recurse(depth: u64) -> u64 {
    black_box(depth).wrapping_add(recurse(black_box(depth + 1)))
}

/// Goes down for ever with a frame in linear memory: the stack grows below address 0, out of bounds.
#[expect(unconditional_recursion, reason = "this is how it misbehaves")]
fn overflow_stack(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    frame.iter().sum::<u64>().wrapping_add(overflow_stack(black_box(depth + 1)))
}

/// Tries handles that it never got, in every way that could matter.
fn forge() -> i32 {
    let generations = [0, 1, 2, Handle::LAST_GENERATION, u32::MAX];
    let indices = [7, 63, 64, 4095, 1 << 20, u32::MAX];
    let forged = generations.into_iter().flat_map(|one| indices.map(|index| Handle::new(one, index)));
    let refused = forged.map(|handle| Endpoint::from_slot(Slot::wired(handle))).all(|endpoint| {
        let refused =
            |result: Result<(), Error>| matches!(result, Err(Error::BadHandle | Error::StaleHandle));
        refused(endpoint.send(&Outgoing::new(1), NOW))
            && refused(endpoint.recv(NOW).map(|_| ()))
            && refused(endpoint.rights().map(|_| ()))
    });
    i32::from(!refused)
}

/// Uses a handle after its slot was emptied, and again after the slot was given to another object.
fn stale() -> Result<i32, Error> {
    let factory = Factory::find("factory")?;
    let endpoint = factory.endpoint(1)?;
    let old = Endpoint::from_slot(Slot::wired(endpoint.handle()));
    drop(endpoint);
    let emptied = old.send(&Outgoing::new(1), NOW);
    let _newcomer = factory.endpoint(1)?;
    let reused = old.send(&Outgoing::new(1), NOW);
    Ok(i32::from((emptied, reused) != (Err(Error::StaleHandle), Err(Error::StaleHandle))))
}

/// Sends what it can to `victim`, until it is refused for good.
fn flood() -> i32 {
    let Ok(victim) = Endpoint::find("victim") else { return 1 };
    let noise = [0x5a; 4096];
    let mut refusals = 0_u32;
    while refusals < 10_000 {
        match victim.send(&Outgoing::new(0xf100d).bytes(&noise), NOW) {
            Ok(()) => {}
            Err(Error::QueueFull | Error::NoMemory) => refusals += 1,
            Err(_) => return 0,
        }
    }
    0
}

/// Makes endpoints until there is no slot left.
fn exhaust_slots() -> i32 {
    let Ok(factory) = Factory::find("factory") else { return 1 };
    let mut endpoints = Vec::new();
    loop {
        match factory.endpoint(1) {
            Ok(endpoint) => endpoints.push(endpoint),
            Err(Error::TableFull | Error::NoMemory | Error::Full) => return 0,
            Err(_) => return 1,
        }
    }
}

#[expect(clippy::panic, reason = "this is how it misbehaves")]
fn misbehave_by_panic() -> i32 {
    panic!("as I was told: {}", 42)
}

#[cfg(target_family = "wasm")]
fn trap() -> i32 {
    core::arch::wasm32::unreachable()
}

/// On the host there is no such instruction; a fault stands for it.
#[cfg(not(target_family = "wasm"))]
fn trap() -> i32 {
    actor_sdk::fault("unreachable")
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use actor_sdk::fake::{Ended, Kernel};
    use actor_sdk::{EndReason, FaultKind};
    use std::string::String;

    fn run_with(kernel: &mut Kernel, args: &str) -> Ended {
        kernel.set_args(args);
        kernel.run(run)
    }

    #[test]
    fn what_the_fake_kernel_refuses_ends_with_zero() {
        let mut kernel = Kernel::new();
        kernel.grant::<Factory>("factory");
        kernel.grant::<Endpoint>("victim");
        for way in ["forge", "stale", "flood", "exhaust-slots"] {
            assert_eq!(run_with(&mut kernel, way), Ended::As(EndReason::Exited(0), String::new()), "{way}");
        }
    }

    #[test]
    fn a_panic_carries_its_message() {
        let ended = run_with(&mut Kernel::new(), "panic");
        assert_eq!(ended, Ended::As(EndReason::Fault(FaultKind::ActorPanic), "as I was told: 42".into()));
    }
}
