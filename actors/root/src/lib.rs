//! The supervisor of the rest: reads the manifest from the image, makes every actor's endpoint, starts the
//! actors with exactly what they are granted, reports how each ends, and starts it again as its entry says. The
//! members of a group start in the manifest's order, behind their supervisor; one that is granted an *actor*
//! capability is put off until that actor has been started.
//!
//! Owns: all initial capabilities, every endpoint, and an actor capability for each child.
//! Invariants: an actor gets nothing that its entry does not name; a child's endpoint is closed when it
//! ends, so that whoever calls it hears of it. Root ends when nobody is left and nobody is to return,
//! and for nothing else once it has begun.
//! Does not: decide who returns, and when (`actor_sdk::supervisor` does).
#![no_std]

extern crate alloc;

mod desk;
mod house;
mod renewals;
mod tree;
mod wiring;

use actor_sdk::abi::Manifest;
use actor_sdk::abi::image::EntryKind;
use actor_sdk::{Capability, Error, Image, info};

use house::House;

/// The name of the manifest's entry in the image.
const MANIFEST: &str = "system";

fn run() -> Result<(), Error> {
    let image = Image::find("image")?;
    let bytes = image.file(EntryKind::Manifest, MANIFEST)?;
    let manifest = Manifest::parse(&bytes).map_err(|_| Error::InvalidArgument)?;
    let mut house = House::new(&manifest)?;
    house.act();
    info!("{} of {} actors started", house.count(), manifest.actor_count() - 1);
    while !house.is_over() {
        house.wait();
        house.act();
    }
    info!("nobody is left");
    Ok(())
}
actor_sdk::main!(run);

#[cfg(test)]
mod tests;
