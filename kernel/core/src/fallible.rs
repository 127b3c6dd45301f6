//! Allocation that may be refused, on paths that actors can reach.
//!
//! Owns nothing: the two helpers turn a refused allocation into `NoMemory`. Collections use
//! `try_reserve` themselves.

use alloc::boxed::Box;
use alloc::sync::Arc;
use tessera_abi::Error;

/// A shared thing.
///
/// # Errors
/// `NoMemory`; the thing is dropped.
pub fn share<T>(thing: T) -> Result<Arc<T>, Error> {
    Arc::try_new(thing).map_err(|_| Error::NoMemory)
}

/// A thing of its own.
///
/// # Errors
/// `NoMemory`; the thing is dropped.
pub fn own<T>(thing: T) -> Result<Box<T>, Error> {
    Box::try_new(thing).map_err(|_| Error::NoMemory)
}
