//! Regions: memory that is handed on without being copied.
//!
//! Owns a run of frames behind a lock, and the windows onto it. A [`Region`] is what a capability names: some
//! bytes of one [`Memory`]. A part of a region is another window onto the same memory, and its capability a
//! node below in the same tree: so taking a region back takes its parts back, and the frames go when nobody can
//! name any of them, in whatever table, queue or operation: when the tree has no node left.
//!
//! Access linearises under the memory's lock, piece by piece: each asks the tree and copies under one hold, so
//! once a revoker has marked, and taken and left the lock ([`Region::fence`]), nobody reads or writes through
//! what is gone, on any core. Two pieces of one access may have another's between them; within one piece
//! nobody else reads or writes. The copy runs under the lock with preemption off, so a piece is small.
//! Lock: its own, rank `REGION`; `TREE` is taken under it, and no other.
//!
//! A driver that lets a device at a memory will hold a reference to it, which keeps its frames; the run has
//! one physical address. There are no such drivers yet.

use crate::account::{Account, Charge};
use crate::cap::limits::Asked;
use crate::cap::{Capability, Object, Pass, Tree};
use crate::fallible;
use crate::ranks;
use alloc::sync::Arc;
use core::ops::Range;
use khal::runs::{FRAME_BYTES, Refused, Run};
use khal::sync::Mutex;
use tessera_abi::{Error, Resource, Rights};

/// The longest piece of an access, in bytes.
pub const PIECE_BYTES: usize = 4096;

/// Frames, and every capability that names some of them.
#[derive(Debug)]
struct Memory {
    tree: Tree,
    /// `None` once nobody can name any of it.
    held: Mutex<Option<Held>>,
}

/// What a memory holds.
#[derive(Debug)]
struct Held {
    run: Run,
    /// What it takes of its maker's account, given back behind the frames; `None` for one of the kernel's own.
    _charge: Option<Charge>,
}

/// What a region takes besides its frames, in bytes. A part takes nothing but the slot that it is in.
const RECORD_BYTES: usize = size_of::<Memory>() + size_of::<Region>();

/// See the module.
#[derive(Debug)]
pub struct Region {
    memory: Arc<Memory>,
    /// Where it lies in the memory: never empty, never past the end.
    window: Range<usize>,
}

impl Region {
    /// A region of at least so many bytes, whole frames, cleared. It is charged to `payer`, if anybody pays, for as
    /// long as somebody can name any of it. `goes_on` is asked every 64 KiB.
    ///
    /// # Errors
    /// `InvalidArgument` for no bytes; `OverQuota`; `Cancelled` when it was not to go on; `NoMemory`.
    pub fn new(
        len_bytes: u64,
        payer: Option<&Arc<Account>>,
        goes_on: impl FnMut() -> bool,
    ) -> Result<Arc<Self>, Error> {
        if len_bytes == 0 {
            return Err(Error::InvalidArgument);
        }
        let frames = usize::try_from(len_bytes.div_ceil(FRAME_BYTES as u64)).map_err(|_| Error::NoMemory)?;
        let charged = frames.saturating_mul(FRAME_BYTES).saturating_add(RECORD_BYTES);
        let charge = payer.map(|payer| Charge::take(payer, Resource::Memory, charged)).transpose()?;
        let run = Run::zeroed(frames, goes_on).map_err(|refused| match refused {
            Refused::NoFrames => Error::NoMemory,
            Refused::CalledOff => Error::Cancelled,
        })?;
        let window = 0..run.bytes().len();
        let held = Mutex::new(ranks::REGION, Some(Held { run, _charge: charge }));
        let memory = fallible::share(Memory { tree: Tree::new(), held })?;
        fallible::share(Region { memory, window })
    }

    /// The window onto `len_bytes` bytes of it from `offset` on.
    ///
    /// # Errors
    /// `InvalidArgument` when there are none or some lie outside; `NoMemory`.
    pub fn part(&self, offset: u64, len_bytes: u64) -> Result<Arc<Self>, Error> {
        if len_bytes == 0 {
            return Err(Error::InvalidArgument);
        }
        let window = self.place(offset, len_bytes)?;
        fallible::share(Region { memory: self.memory.clone(), window })
    }

    /// Every capability that names the memory that it is a window of.
    pub fn tree(&self) -> &Tree {
        &self.memory.tree
    }

    /// Its length in bytes.
    pub fn len_bytes(&self) -> u64 {
        self.window.len() as u64
    }

    /// Waits until whoever is in the middle of a piece is through: for a revoker, after its mark.
    pub fn fence(&self) {
        drop(self.memory.held.lock());
    }

    /// Gives frames and charge back if nobody can name any of them any more, though some may still have the slot
    /// of what was taken back: a tree without a node gets none again.
    pub(crate) fn let_go(&self) {
        if self.memory.tree.live() == 0 {
            let held = self.memory.held.lock().take();
            // Outside the lock.
            drop(held);
        }
    }

    /// Where `len_bytes` bytes from `offset` on lie, to be accessed in [`pieces`].
    ///
    /// # Errors
    /// `InvalidArgument` when some lie outside.
    pub fn place(&self, offset: u64, len_bytes: u64) -> Result<Range<usize>, Error> {
        let end = offset.checked_add(len_bytes).filter(|end| *end <= self.len_bytes());
        end.ok_or(Error::InvalidArgument)?;
        // Both are at most the window's length, which is a usize.
        let start = self.window.start + offset as usize;
        Ok(start..start + len_bytes as usize)
    }

    /// Shows the bytes at `place` to `look`, in one piece with nobody else's writing. `look` runs under the lock.
    ///
    /// # Errors
    /// `Revoked` when `pass` is no longer good.
    pub fn read<R>(
        &self,
        pass: &Pass,
        place: Range<usize>,
        look: impl FnOnce(&[u8]) -> R,
    ) -> Result<R, Error> {
        let held = self.memory.held.lock();
        self.memory.tree.holds(pass)?;
        let run = &held.as_ref().ok_or(Error::Revoked)?.run;
        Ok(look(run.bytes().get(place).unwrap_or_default()))
    }

    /// Lets `change` write the bytes at `place`; otherwise as [`read`](Self::read).
    ///
    /// # Errors
    /// `Revoked` when `pass` is no longer good.
    pub fn write<R>(
        &self,
        pass: &Pass,
        place: Range<usize>,
        change: impl FnOnce(&mut [u8]) -> R,
    ) -> Result<R, Error> {
        let mut held = self.memory.held.lock();
        self.memory.tree.holds(pass)?;
        let run = &mut held.as_mut().ok_or(Error::Revoked)?.run;
        Ok(change(run.bytes_mut().get_mut(place).unwrap_or_default()))
    }
}

/// A place cut into pieces, in order.
pub fn pieces(place: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = place.end;
    place.step_by(PIECE_BYTES).map(move |start| start..end.min(start.saturating_add(PIECE_BYTES)))
}

impl Capability {
    /// A capability to a part of the region that this one names, as [`derive`](Self::derive) makes one.
    ///
    /// # Errors
    /// `WrongKind` if it names something else; `InvalidArgument` for no bytes, or some outside; as
    /// [`derive`](Self::derive).
    pub fn derive_part(&self, offset: u64, len_bytes: u64, mask: Rights) -> Result<Self, Error> {
        let Object::Region(region) = self.object() else { return Err(Error::WrongKind) };
        let part = Object::Region(region.part(offset, len_bytes)?);
        self.derive_for(part, mask, self.badge(), &Asked::NOTHING)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    extern crate std;
    use super::*;
    use crate::cap::Scope;
    use std::vec::Vec;
    use tessera_abi::{Amounts, Name};

    /// Whether both are windows onto the same bytes.
    fn same(one: &Region, other: &Region) -> bool {
        Arc::ptr_eq(&one.memory, &other.memory) && one.window == other.window
    }

    fn region(len_bytes: u64) -> Result<Arc<Region>, Error> {
        Region::new(len_bytes, None, || true)
    }

    #[test]
    fn a_length_is_rounded_up_to_whole_frames() {
        assert_eq!(region(1).unwrap().len_bytes(), 4096);
        assert_eq!(region(4096).unwrap().len_bytes(), 4096);
        assert_eq!(region(4097).unwrap().len_bytes(), 8192);
        assert_eq!(Region::new(0, None, || true).unwrap_err(), Error::InvalidArgument);
        assert_eq!(Region::new(u64::MAX, None, || true).unwrap_err(), Error::NoMemory);
        assert_eq!(Region::new(1 << 20, None, || false).unwrap_err(), Error::Cancelled);
    }

    #[test]
    fn a_part_is_a_window_onto_the_same_bytes_and_no_others() {
        let whole = region(8192).unwrap();
        let part = whole.part(4000, 200).unwrap();
        let within = part.part(100, 100).unwrap();
        assert!(same(&within, &whole.part(4100, 100).unwrap()) && !same(&within, &part));
        let place = within.place(0, 100).unwrap();
        within.write(&Pass::KERNEL, place, |bytes| bytes.fill(7)).unwrap();
        let seen =
            |at, len| whole.read(&Pass::KERNEL, whole.place(at, len).unwrap(), <[u8]>::to_vec).unwrap();
        assert_eq!(seen(4100, 100), [7; 100]);
        assert_eq!((seen(4099, 1), seen(4200, 1)), ([0].into(), [0].into()));
    }

    #[test]
    fn what_lies_outside_is_refused_however_it_is_asked_for() {
        let part = region(8192).unwrap().part(4096, 100).unwrap();
        let outside = [(0, 101), (100, 1), (101, 0), (u64::MAX, 1), (1, u64::MAX), (u64::MAX, u64::MAX)];
        for (offset, len) in outside {
            assert_eq!(part.place(offset, len), Err(Error::InvalidArgument), "{offset} {len}");
        }
        assert_eq!(part.place(100, 0), Ok(4196..4196));
        assert_eq!(part.part(0, 0).unwrap_err(), Error::InvalidArgument);
    }

    #[test]
    fn pieces_make_up_the_place_in_order() {
        let place = 100..PIECE_BYTES * 2 + 101;
        let cut: Vec<_> = pieces(place.clone()).collect();
        assert_eq!((cut.len(), cut[0].start, cut[2].end), (3, place.start, place.end));
        assert!(cut.windows(2).all(|two| two[0].end == two[1].start && two[0].len() == PIECE_BYTES));
        assert_eq!(pieces(5..5).count(), 0);
    }

    #[test]
    fn a_leave_that_was_taken_back_is_none_for_the_next_piece() {
        let kept = Capability::first(Object::Region(region(4096).unwrap())).unwrap();
        let given = kept.derive(Rights::ALL, 0).unwrap();
        let Object::Region(region) = kept.object() else { unreachable!() };
        let (own, theirs) = (kept.pass().unwrap(), given.pass().unwrap());
        assert_eq!(region.write(&theirs, 0..8, |bytes| bytes.fill(1)), Ok(()));
        region.tree().mark(given.node().unwrap(), Scope::Whole).unwrap();
        assert_eq!(region.write(&theirs, 8..16, |bytes| bytes.fill(1)), Err(Error::Revoked));
        assert_eq!(region.read(&theirs, 0..8, <[u8]>::len), Err(Error::Revoked));
        assert_eq!(region.read(&own, 7..9, <[u8]>::to_vec), Ok([1, 0].into()));
    }

    #[test]
    fn what_is_taken_back_from_all_goes_back_though_somebody_keeps_the_slot() {
        let amounts = Amounts::NONE.with(Resource::Memory, 1 << 20);
        let account = Account::machine(Name::EMPTY, &amounts);
        let used = || account.figures(Resource::Memory).used;
        let made = Region::new(4096, Some(&account), || true).unwrap();
        let kept = Capability::first(Object::Region(made.clone())).unwrap();
        let given = kept.derive(Rights::ALL, 0).unwrap();
        let part = kept.derive_part(0, 10, Rights::ALL).unwrap();
        drop(kept);
        assert!(used() > 4096, "two can still name it");
        for top in [&given, &part] {
            made.tree().mark(top.node().unwrap(), Scope::Whole).unwrap();
            while !made.tree().sweep(top.node().unwrap()).done {}
            top.object().granted_no_more(Rights::ALL);
        }
        assert_eq!(used(), 0, "both have the slot, and nobody a region");
        assert_eq!(made.read(&Pass::KERNEL, 0..1, <[u8]>::len), Err(Error::Revoked));
    }

    #[test]
    fn the_frames_go_with_the_last_part() {
        // Other tests hold frames meanwhile: it is this memory that counts.
        let whole = Capability::first(Object::Region(region(1 << 20).unwrap())).unwrap();
        let Object::Region(named) = whole.object() else { unreachable!() };
        let memory = Arc::downgrade(&named.memory);
        let part = whole.derive_part(4096, 10, Rights::ALL).unwrap();
        drop(whole);
        assert!(memory.upgrade().is_some());
        drop(part);
        assert!(memory.upgrade().is_none());
    }
}
