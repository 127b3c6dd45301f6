//! What goes wrong in the interpreter, in the kernel's words.
//!
//! Owns the one mapping from tinywasm's errors to [`Fault`]s. Every kind of trap has its line; an
//! error that a validated module cannot cause becomes [`FaultKind::Other`] with its own text.

use tessera_abi::FaultKind;
use tessera_core::engine::Fault;
use tinywasm::parser::ParseError;
use tinywasm::{Error, LinkingError, Trap};

/// A module that the validator refused.
pub(crate) fn malformed(error: &wasmparser::Error) -> Fault {
    let (message, offset) = (plain(error.message()), error.offset());
    Fault::new(FaultKind::MalformedModule, format_args!("{message} at offset {offset}"))
}

/// A function that the validator refused; functions are counted from the imported ones on.
pub(crate) fn malformed_function(index: u32, error: &wasmparser::Error) -> Fault {
    let (message, offset) = (plain(error.message()), error.offset());
    Fault::new(FaultKind::MalformedModule, format_args!("function {index}: {message} at offset {offset}"))
}

/// A valid module that the parser of the interpreter refused.
pub(crate) fn parse(error: &ParseError) -> Fault {
    let unsupported = |text: core::fmt::Arguments<'_>| Fault::new(FaultKind::MalformedModule, text);
    match error {
        ParseError::ParseError { message, offset } => {
            unsupported(format_args!("{} at offset {offset}", plain(message)))
        }
        ParseError::Other(message) => unsupported(format_args!("not supported by the engine: {message}")),
        other => unsupported(format_args!("not supported by the engine: {other}")),
    }
}

/// A message without the offset that some have at their end, in another notation than ours.
fn plain(message: &str) -> &str {
    message.split(" (at offset").next().unwrap_or_default()
}

/// An error of instantiation or of a run.
pub(crate) fn run(error: &Error) -> Fault {
    match error {
        Error::Trap(trap) => Fault::new(kind(trap), format_args!("{trap}")),
        Error::Exception(_) => Fault::new(FaultKind::Exception, format_args!("uncaught exception")),
        Error::Linker(LinkingError::UnknownImport { module, name }) => {
            Fault::new(FaultKind::UnknownImport, format_args!("{module:?}.{name:?}"))
        }
        Error::Linker(LinkingError::IncompatibleImportType { module, name }) => {
            Fault::new(FaultKind::WrongSignature, format_args!("{module:?}.{name:?}"))
        }
        other => Fault::new(FaultKind::Other, format_args!("{other}")),
    }
}

fn kind(trap: &Trap) -> FaultKind {
    match trap {
        Trap::Unreachable => FaultKind::Unreachable,
        Trap::MemoryOutOfBounds { .. } => FaultKind::MemoryOutOfBounds,
        // An element past the table's end is what call_indirect reports for the same mistake.
        Trap::TableOutOfBounds { .. } | Trap::UndefinedElement { .. } => FaultKind::TableOutOfBounds,
        Trap::DivisionByZero => FaultKind::DivideByZero,
        Trap::IntegerOverflow => FaultKind::IntegerOverflow,
        Trap::InvalidConversionToInt => FaultKind::BadConversion,
        Trap::CallStackOverflow | Trap::ValueStackOverflow => FaultKind::CallDepth,
        Trap::OutOfMemory => FaultKind::OutOfMemory,
        Trap::IndirectCallTypeMismatch { .. } => FaultKind::SignatureMismatch,
        Trap::UninitializedElement { .. }
        | Trap::NullReference
        | Trap::NullStructReference
        | Trap::NullArrayReference
        | Trap::NullFunctionReference
        | Trap::NullI31Reference => FaultKind::NullElement,
        // Bounds and casts of GC objects, stores mixed up by us, and whatever a later version adds.
        _ => FaultKind::Other,
    }
}
