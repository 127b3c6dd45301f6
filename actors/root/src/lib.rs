//! The supervisor of the rest: reads the manifest from the image, makes every actor's endpoint, starts the
//! actors in the manifest's order with exactly what they are granted, and reports how each ends.
//!
//! Owns: all initial capabilities, every endpoint, and an actor capability for each child.
//! Invariants: an actor gets nothing that its entry does not name; a child's endpoint is closed when it
//! ends, so that whoever calls it hears of it. Root ends when nobody is left.
//! Does not: start anything again yet; the manifest's restart policy is kept for that.
#![no_std]

extern crate alloc;

mod wiring;

use alloc::vec::Vec;

use actor_sdk::abi::image::EntryKind;
use actor_sdk::abi::{EndReason, EndRecord, Manifest};
use actor_sdk::{Actor, Capability, Error, Factory, Image, NEVER, NOW, Notification, info, warn};

use wiring::Wiring;

/// The name of the manifest's entry in the image.
const MANIFEST: &str = "system";

/// How many actors' ends share the notification's bits; an actor's bit is its index modulo this.
const BITS: usize = 64;

/// An actor that root has started.
struct Child {
    name: actor_sdk::abi::Name,
    index: usize,
    actor: Actor,
}

fn run() -> Result<(), Error> {
    let image = Image::find("image")?;
    let bytes = image.file(EntryKind::Manifest, MANIFEST)?;
    let manifest = Manifest::parse(&bytes).map_err(|_| Error::InvalidArgument)?;
    let factory = Factory::find("factory")?;
    let ends = factory.notification()?;
    let mut wiring = Wiring::new(&manifest, &factory)?;
    let mut children = start_all(&manifest, &mut wiring, &ends);
    info!("{} of {} actors started", children.len(), manifest.actor_count() - 1);
    while !children.is_empty() {
        let bits = ends.wait(NEVER)?;
        children.retain(|child| bits & bit(child.index) == 0 || still_runs(child, &mut wiring));
    }
    info!("nobody is left");
    Ok(())
}
actor_sdk::main!(run);

/// Starts every actor but root itself. One that cannot be started is reported; the others go on.
fn start_all(manifest: &Manifest<'_>, wiring: &mut Wiring, ends: &Notification) -> Vec<Child> {
    let mut children = Vec::new();
    for (index, entry) in manifest.actors().enumerate().skip(1) {
        let name = entry.head.name;
        match wiring.start(index, &entry, (ends, bit(index))) {
            Ok(actor) => children.push(Child { name, index, actor }),
            Err(error) => actor_sdk::error!("{name} was not started: {}", error.prose()),
        }
    }
    children
}

const fn bit(index: usize) -> u64 {
    1 << (index % BITS)
}

/// Whether the child still runs; reports its end otherwise, and closes its endpoint.
fn still_runs(child: &Child, wiring: &mut Wiring) -> bool {
    match child.actor.wait(NOW) {
        Err(Error::WouldBlock) => true,
        Err(error) => {
            warn!("{} is lost: {}", child.name, error.prose());
            false
        }
        Ok(end) => {
            report(child, &end);
            wiring.close(child.index);
            false
        }
    }
}

fn report(child: &Child, end: &EndRecord) {
    let name = child.name;
    match end.reason {
        EndReason::Exited(0) => info!("{name} ended"),
        EndReason::Exited(code) => warn!("{name} ended with code {code}"),
        EndReason::Fault(kind) => warn!("{name} faulted: {}: {}", kind.name(), end.detail),
        other => warn!("{name} was ended: {}", other.name()),
    }
}

#[cfg(test)]
mod tests;
