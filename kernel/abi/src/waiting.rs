//! What several things are waited for at once with.
//!
//! Owns: the item of a list that `wait_any` reads, and how long the list may be.
//! Does not: wait, or resolve the handles (the kernel does).

use crate::capability::Handle;
use crate::wire::record;

/// The most things that can be waited for at once. Each costs the wait two turns of a lock, so that a wait for
/// all of them takes some tens of microseconds.
pub const WAIT_ITEMS_MAX: u32 = 256;

record! {
    /// One thing that is waited for.
    pub struct WaitItem {
        /// An endpoint, a notification or an actor.
        pub handle: Handle,
        /// Written: the bits of a notification whose turn it was.
        pub bits: u64,
        /// Written: the number of the error, when the wait was refused because of this item.
        pub error: u32,
        /// Set to zero.
        pub reserved: u32,
    }
}

impl WaitItem {
    /// An item for what the handle names.
    #[must_use]
    pub const fn new(handle: Handle) -> Self {
        Self { handle, bits: 0, error: 0, reserved: 0 }
    }

    /// Where in the record the bits are.
    pub const BITS_AT: u32 = 8;

    /// Where in the record the error is.
    pub const ERROR_AT: u32 = 16;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_where_the_record_says() {
        let item = WaitItem { handle: Handle::NONE, bits: 0x11, error: 0x22, reserved: 0 };
        let bytes = item.encode();
        assert_eq!(
            (bytes.len(), bytes[WaitItem::BITS_AT as usize], bytes[WaitItem::ERROR_AT as usize]),
            (24, 0x11, 0x22)
        );
    }
}
