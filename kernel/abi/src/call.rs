//! The host calls as values: an enum of them, and their rows to look things up in.
//!
//! Owns: nothing of its own; all of it is made from the one table in [`crate::table`].
//! Does not: dispatch (kernel/hostcall does, with a macro over the same table).

use crate::arg::{self, Argument, ValueType};
use crate::capability::{ObjectKind, Rights};
use crate::error::Error;
use crate::for_each_host_call;

/// What the first argument of a call has to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The call takes no handle: every actor may make it.
    Nothing,
    /// A capability of any kind.
    Any,
    /// A capability of this kind.
    Kind(ObjectKind),
}

/// One argument of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The alias that says what it means, one of those in [`crate::arg`].
    pub meaning: &'static str,
    /// Its type at the border.
    pub value_type: ValueType,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The call.
    pub call: HostCall,
    /// Its number, never reused.
    pub number: u16,
    /// Its name: the field of the import, in module [`crate::IMPORT_MODULE`].
    pub name: &'static str,
    /// Its arguments in order. Every call returns one `i64`.
    pub parameters: &'static [Parameter],
    /// What the first argument has to name.
    pub needs: Needs,
    /// The rights that capability has to carry.
    pub rights: Rights,
    /// What an answer of at least 0 means.
    pub gives: &'static str,
    /// How it refuses besides what follows from its arguments.
    pub errors: &'static [Error],
    /// What it does.
    pub prose: &'static str,
}

/// How resolving a handle can fail. `Busy` is that of a capability with a rate, used too soon again.
const HANDLE_ERRORS: &[Error] = &[
    Error::BadHandle,
    Error::StaleHandle,
    Error::WrongKind,
    Error::MissingRight,
    Error::Revoked,
    Error::Expired,
    Error::Busy,
];

impl Row {
    /// Whether the call may answer `error`: one of its own, or one that follows from its arguments.
    #[must_use]
    pub fn refuses_with(&self, error: Error) -> bool {
        let from_handle = match self.needs {
            Needs::Nothing => false,
            // These look at the capability and do not use it.
            Needs::Any => !matches!(error, Error::WrongKind | Error::MissingRight | Error::Busy),
            Needs::Kind(_) => true,
        };
        self.errors.contains(&error)
            || from_handle && HANDLE_ERRORS.contains(&error)
            || error == Error::BadAddress && self.parameters.iter().any(|one| one.meaning == "Address")
    }
}

macro_rules! needs {
    (Nothing) => {
        Needs::Nothing
    };
    (Any) => {
        Needs::Any
    };
    ($kind:ident) => {
        Needs::Kind(ObjectKind::$kind)
    };
}

macro_rules! row {
    ($number:literal $variant:ident $name:ident($($arg:ident: $meaning:ident),*) $needs:ident [$($right:ident)*]
        $gives:literal [$($error:ident)*] $prose:literal) => {
        Row {
            call: HostCall::$variant,
            number: $number,
            name: stringify!($name),
            parameters: &[$(Parameter {
                name: stringify!($arg),
                meaning: stringify!($meaning),
                value_type: <arg::$meaning as Argument>::TYPE,
            }),*],
            needs: needs!($needs),
            rights: Rights::NONE$(.union(Rights::$right))*,
            gives: $gives,
            errors: &[$(Error::$error),*],
            prose: $prose,
        }
    };
}

macro_rules! declare {
    ($($number:literal $variant:ident $name:ident($($arg:ident: $meaning:ident),*) needs $needs:ident [$($right:ident)*]
        gives $gives:literal refuses [$($error:ident)*] $prose:literal;)*) => {
        /// A host call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum HostCall {
            $(#[doc = $prose] $variant = $number,)*
        }

        /// Every row, in the order of the numbers.
        pub const TABLE: &[Row] = &[$(*HostCall::$variant.row()),*];

        impl HostCall {
            /// The call with this number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The call's row.
            #[must_use]
            pub const fn row(self) -> &'static Row {
                match self {
                    $(Self::$variant => const { &row!($number $variant $name($($arg: $meaning),*) $needs [$($right)*]
                        $gives [$($error)*] $prose) },)*
                }
            }
        }
    };
}
for_each_host_call!(declare);

impl HostCall {
    /// The number, never reused.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The call's name, as imports spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The call that an import of this name means.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.call)
    }
}
