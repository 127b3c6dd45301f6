//! The border as it is on the host: the same calls with the same bytes, answered by the fake kernel.
//!
//! Owns: a small linear memory a thread, into which what is lent is copied, so that the fake kernel sees
//! addresses and lengths as the real one does.
//! Invariant: memory is lent and given back in the order of a stack.
//! Does not: use any `unsafe`; an author's tests need none.

use std::cell::RefCell;

use tessera_abi::arg::Argument;
use tessera_abi::{Error, HostCall, for_each_host_call};

use crate::fake;

thread_local! {
    static MEMORY: RefCell<Memory> = const { RefCell::new(Memory { bytes: Vec::new() }) };
}

/// The bytes that a test's actor has lent. Addresses begin at [`Memory::FIRST`], so that 0 is never good.
#[derive(Debug, Default)]
pub struct Memory {
    bytes: Vec<u8>,
}

impl Memory {
    const FIRST: usize = 16;

    /// The bytes at the address, or [`Error::BadAddress`].
    pub fn read(&self, address: u32, len_bytes: u32) -> Result<&[u8], Error> {
        let start = (address as usize).checked_sub(Self::FIRST).ok_or(Error::BadAddress)?;
        self.bytes.get(start..start + len_bytes as usize).ok_or(Error::BadAddress)
    }

    /// Writes bytes at the address, all or [`Error::BadAddress`].
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        let start = (address as usize).checked_sub(Self::FIRST).ok_or(Error::BadAddress)?;
        self.bytes.get_mut(start..start + bytes.len()).ok_or(Error::BadAddress)?.copy_from_slice(bytes);
        Ok(())
    }
}

/// A slice that is lent to the fake kernel for the time of a host call.
#[derive(Clone, Copy)]
pub struct Lent {
    address: u32,
    len_bytes: u32,
}

impl Lent {
    pub const fn address(self) -> u32 {
        self.address
    }

    pub const fn len_bytes(self) -> u32 {
        self.len_bytes
    }
}

/// Lends bytes to read from.
pub fn lend<R>(bytes: &[u8], call: impl FnOnce(Lent) -> R) -> R {
    let borrowed = Loan::new(bytes);
    call(borrowed.lent)
}

/// Lends bytes to write to.
pub fn lend_mut<R>(bytes: &mut [u8], call: impl FnOnce(Lent) -> R) -> R {
    let borrowed = Loan::new(bytes);
    let answer = call(borrowed.lent);
    MEMORY.with_borrow(|memory| {
        if let Ok(written) = memory.read(borrowed.lent.address, borrowed.lent.len_bytes) {
            bytes.copy_from_slice(written);
        }
    });
    answer
}

/// Takes the bytes off the memory again when it goes, also when a fake exit unwinds through it.
struct Loan {
    lent: Lent,
}

impl Loan {
    fn new(bytes: &[u8]) -> Self {
        let start = MEMORY.with_borrow_mut(|memory| {
            memory.bytes.extend_from_slice(bytes);
            memory.bytes.len() - bytes.len()
        });
        Self { lent: Lent { address: (start + Memory::FIRST) as u32, len_bytes: bytes.len() as u32 } }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        MEMORY.with_borrow_mut(|memory| memory.bytes.truncate(self.lent.address as usize - Memory::FIRST));
    }
}

mod stub {
    pub use tessera_abi::arg::{Deadline, Handle, Length, Number, RightBits, Word};
    pub type Address = super::Lent;
}

impl Argument for Lent {
    const TYPE: tessera_abi::ValueType = tessera_abi::ValueType::I32;

    fn from_bits(bits: u64) -> Self {
        Self { address: bits as u32, len_bytes: 0 }
    }

    fn to_bits(self) -> u64 {
        u64::from(self.address)
    }
}

macro_rules! declare_stubs {
    ($($number:literal $variant:ident $name:ident($($arg:ident: $meaning:ident),*) needs $needs:ident [$($right:ident)*]
        gives $gives:literal refuses [$($error:ident)*] $prose:literal;)*) => {
        $(pub fn $name($($arg: stub::$meaning),*) -> i64 {
            answer(HostCall::$variant, &[$(Argument::to_bits($arg)),*])
        })*
    };
}
for_each_host_call!(declare_stubs);

fn answer(call: HostCall, arguments: &[u64]) -> i64 {
    MEMORY
        .with_borrow_mut(|memory| fake::answer(call, arguments, memory))
        .unwrap_or_else(|stop| stop.unwind())
}

/// On the host nothing is shared that needs this; it keeps a value.
#[derive(Debug)]
pub struct Alone<T>(T);

impl<T> Alone<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    pub const fn get(&self) -> &T {
        &self.0
    }
}

/// Where control does not come back to: the fake kernel has unwound before.
pub fn never() -> ! {
    fake::Stop::NothingToDo.unwind()
}
