//! docs/ABI.md, written from the tables.
//!
//! Owns: the document's form. Its text is the prose of the tables.
//! Does not: allocate; it writes to whatever takes text. tools/check compares and rewrites the file.

use core::fmt::{self, Write};

use crate::account::Resource;
use crate::call::{Needs, Row, TABLE};
use crate::capability::{ObjectKind, Rights};
use crate::end::FaultKind;
use crate::error::Error;
use crate::inspect::Subject;
use crate::message::Policy;
use crate::trace::{TraceKind, TurnEnd};

const HEAD: &str = "# The host-call ABI\n\n\
    Generated from `kernel/abi` by `make docs`; do not edit.\n\n\
    Every call is imported from module `tessera` and returns one `i64`: at least 0 for a value, below 0 \
    for minus an error's number. Deadlines are absolute nanoseconds since boot; `NEVER` is 2^64 - 1 and 0 \
    does not wait. Addresses mean the memory exported as `memory`.\n\n\
    Errors that follow from the arguments are not repeated in each row: a call that takes a handle may \
    refuse with bad-handle, stale-handle, wrong-kind, missing-right, revoked, expired or (used faster than its rate) \
    busy, and one that takes an address with bad-address.\n\n";

/// Writes the whole document.
///
/// # Errors
/// Only those of `out` itself.
pub fn markdown(out: &mut dyn Write) -> fmt::Result {
    out.write_str(HEAD)?;
    out.write_str(
        "## Calls\n\n| no. | call | needs | gives | refuses with | |\n|---|---|---|---|---|---|\n",
    )?;
    for row in TABLE {
        call_row(out, row)?;
    }
    out.write_str("\n## Errors\n\n| no. | name | meaning |\n|---|---|---|\n")?;
    for error in Error::ALL {
        writeln!(out, "| {} | {} | {} |", error.number(), error.name(), error.prose())?;
    }
    out.write_str("\n## Rights\n\n| bit | name | allows |\n|---|---|---|\n")?;
    for (right, name, prose) in Rights::NAMES {
        writeln!(out, "| {} | {name} | {prose} |", right.bits().trailing_zeros())?;
    }
    out.write_str("\n## Kinds of object\n\n| no. | name | what it is | rights |\n|---|---|---|---|\n")?;
    for kind in ObjectKind::ALL {
        let rights = Rights::of(*kind);
        writeln!(out, "| {} | {} | {} | {rights} |", kind.number(), kind.name(), kind.prose())?;
    }
    out.write_str("\n## Faults\n\n| no. | name | meaning |\n|---|---|---|\n")?;
    for fault in FaultKind::ALL {
        writeln!(out, "| {} | {} | {} |", fault.number(), fault.name(), fault.prose())?;
    }
    out.write_str("\n## Policies of an endpoint\n\n| no. | name | what becomes of a message for which there is no room |\n|---|---|---|\n")?;
    for policy in Policy::ALL {
        writeln!(out, "| {} | {} | {} |", policy.number(), policy.name(), policy.prose())?;
    }
    out.write_str("\n## Resources of an account\n\n| no. | name | what counts |\n|---|---|---|\n")?;
    for resource in Resource::ALL {
        writeln!(out, "| {} | {} | {} |", resource.number(), resource.name(), resource.prose())?;
    }
    out.write_str("\n## Subjects of `inspect`\n\n| no. | name | meaning |\n|---|---|---|\n")?;
    for subject in Subject::ALL {
        writeln!(out, "| {} | {} | {} |", subject.number(), subject.name(), subject.prose())?;
    }
    out.write_str("\n## Events of the trace\n\n| no. | name | what happened, and what the record's two words tell |\n|---|---|---|\n")?;
    for kind in TraceKind::ALL {
        writeln!(out, "| {} | {} | {} |", kind.number(), kind.name(), kind.prose())?;
    }
    out.write_str("\n## How a turn ended\n\n| no. | name | meaning |\n|---|---|---|\n")?;
    for end in TurnEnd::ALL {
        writeln!(out, "| {} | {} | {} |", end.number(), end.name(), end.prose())?;
    }
    Ok(())
}

fn call_row(out: &mut dyn Write, row: &Row) -> fmt::Result {
    write!(out, "| {} | `{}(", row.number, row.name)?;
    for (place, parameter) in row.parameters.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        write!(out, "{comma}{}: {} {}", parameter.name, parameter.meaning, parameter.value_type.name())?;
    }
    out.write_str(")` | ")?;
    match row.needs {
        Needs::Nothing => out.write_str("nothing")?,
        Needs::Any => out.write_str("any capability")?,
        Needs::Kind(kind) => write!(out, "{} {}", kind.name(), row.rights)?,
    }
    write!(out, " | {} | ", row.gives)?;
    for (place, error) in row.errors.iter().enumerate() {
        write!(out, "{}{}", if place == 0 { "" } else { ", " }, error.name())?;
    }
    writeln!(out, " | {} |", row.prose)
}
