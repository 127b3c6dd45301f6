//! The types of host-call arguments, and how each crosses the border.
//!
//! Invariant: only the two integer types of Wasm cross; the alias says what an integer means, and the
//! documents show the alias.
//! Does not: check anything; an argument is a claim until the kernel has looked at it.

/// A type that a Wasm function has for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
}

impl ValueType {
    /// The name in the Wasm text format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }
}

/// A capability handle's bits.
pub type Handle = u64;
/// A moment in nanoseconds since boot; [`NEVER`] waits for ever and 0 does not wait.
pub type Deadline = u64;
/// Bits, an id, an offset: 64 bits whose meaning the call's prose gives.
pub type Word = u64;
/// An address in the caller's first memory.
pub type Address = u32;
/// A length in bytes.
pub type Length = u32;
/// The bits of a set of rights.
pub type RightBits = u32;
/// A number of some enum, a count or a code.
pub type Number = u32;

/// The deadline that never comes.
pub const NEVER: Deadline = u64::MAX;

/// The deadline of a call that must not wait.
pub const NOW: Deadline = 0;

/// What every argument type can do.
pub trait Argument: Copy {
    /// Its type at the border.
    const TYPE: ValueType;

    /// The argument in the low bits of a 64-bit register; higher bits are ignored.
    fn from_bits(bits: u64) -> Self;

    /// The argument as a 64-bit register.
    fn to_bits(self) -> u64;
}

impl Argument for u32 {
    const TYPE: ValueType = ValueType::I32;

    fn from_bits(bits: u64) -> Self {
        bits as Self
    }

    fn to_bits(self) -> u64 {
        u64::from(self)
    }
}

impl Argument for u64 {
    const TYPE: ValueType = ValueType::I64;

    fn from_bits(bits: u64) -> Self {
        bits
    }

    fn to_bits(self) -> u64 {
        self
    }
}
