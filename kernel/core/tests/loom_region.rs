//! Models of access to a region against its revocation: the kernel's own region, tree and fence, in every
//! interleaving of somebody who writes and reads with the revoker.
//!
//! The steps are those of a host call's copy and of `Subtree::revoke`. Each model has twins in which one step is
//! left out; a twin must panic, else the model sees nothing.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

use khal::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use tessera_abi::{Error, Rights};
use tessera_core::cap::{Grant, NodeId, Pass, Scope};
use tessera_core::region::Region;

const GRANT: Grant = Grant { rights: Rights::READ, badge: 0, holder: 1 };

/// The two pieces that are written, and where one is read.
const PIECES: [u64; 2] = [0, 4096];
const READ_AT: u64 = 8191;

/// What the owner writes there after the revocation.
const UNSEEN: u8 = 0xee;

/// A region, and whether somebody is in the middle of a piece. Relaxed: the lock must order it.
struct Shared {
    region: Arc<Region>,
    busy: AtomicBool,
}

fn set(shared: &Shared, pass: &Pass, at: u64) -> Result<(), Error> {
    shared.region.write(pass, shared.region.place(at, 1)?, |bytes| {
        shared.busy.store(true, Ordering::Relaxed);
        bytes.fill(1);
        shared.busy.store(false, Ordering::Relaxed);
    })
}

fn get(shared: &Shared, pass: &Pass, at: u64) -> Result<u8, Error> {
    shared.region.read(pass, shared.region.place(at, 1)?, |bytes| bytes.iter().sum())
}

fn read(shared: &Shared, pass: &Pass) -> Result<u8, Error> {
    get(shared, pass, READ_AT)
}

fn revoke(region: &Region, node: NodeId) {
    region.tree().mark(node, Scope::Whole).unwrap();
    region.fence();
    while !region.tree().sweep(node).done {}
}

/// Somebody writes two pieces by one leave, and reads, while what he does it by is taken back. When that has
/// returned the owner looks, writes what nobody else is to see, and looks again in the end.
fn access_against(
    write: fn(&Shared, &Pass, u64) -> Result<(), Error>,
    read: fn(&Shared, &Pass) -> Result<u8, Error>,
    revoke: fn(&Region, NodeId),
) {
    loom::model(move || {
        let region = Region::new(8192, None, || true).unwrap();
        let given = region.tree().derive(None, GRANT, || ()).unwrap();
        let shared = Arc::new(Shared { region, busy: AtomicBool::new(false) });
        let theirs = Arc::clone(&shared);
        let other = loom::thread::spawn(move || {
            let Ok(pass) = theirs.region.tree().check(given, &mut 0) else { return };
            let _may_be_revoked = PIECES.iter().try_for_each(|at| write(&theirs, &pass, *at));
            assert_ne!(read(&theirs, &pass), Ok(UNSEEN), "somebody reads after the revocation");
        });
        revoke(&shared.region, given);
        assert!(!shared.busy.load(Ordering::Relaxed), "somebody is at it after the revocation");
        let look = || PIECES.map(|at| get(&shared, &Pass::KERNEL, at));
        let then = look();
        let place = shared.region.place(READ_AT, 1).unwrap();
        shared.region.write(&Pass::KERNEL, place, |bytes| bytes.fill(UNSEEN)).unwrap();
        other.join().unwrap();
        assert_eq!(look(), then, "somebody has written after the revocation");
    });
}

#[test]
fn nobody_reads_or_writes_once_the_revocation_has_returned() {
    access_against(set, read, revoke);
}

/// The planted bug: a piece is written without asking.
#[test]
#[should_panic(expected = "after the revocation")]
fn a_piece_that_does_not_ask_is_found() {
    access_against(|shared, _, at| set(shared, &Pass::KERNEL, at), read, revoke);
}

/// The planted bug: who writes asks before he has the lock.
#[test]
#[should_panic(expected = "after the revocation")]
fn a_piece_that_asks_before_the_lock_is_found() {
    let write = |shared: &Shared, pass: &Pass, at: u64| {
        shared.region.tree().holds(pass)?;
        set(shared, &Pass::KERNEL, at)
    };
    access_against(write, read, revoke);
}

/// The planted bug: who reads does not ask.
#[test]
#[should_panic(expected = "somebody reads after the revocation")]
fn a_read_that_does_not_ask_is_found() {
    access_against(set, |shared, _| read(shared, &Pass::KERNEL), revoke);
}

/// The planted bug: the revoker does not wait for who is in the middle of a piece.
#[test]
#[should_panic(expected = "somebody is at it after the revocation")]
fn a_revoker_without_a_fence_is_found() {
    access_against(set, read, |region, node| {
        region.tree().mark(node, Scope::Whole).unwrap();
        while !region.tree().sweep(node).done {}
    });
}
