//! Authority: objects, capabilities, and the table in which an actor holds them.
//!
//! [`object`] says what can be named, [`table`] is where a handle leads from slot to object, in one
//! lookup that checks generation, kind and rights. A capability is an object with rights and a badge;
//! rights only shrink on the way from holder to holder. The derivation tree and the reverse index
//! (design D5) will hang off [`object::Capability`]; nothing outside this module sees its fields.

pub mod object;
pub mod table;

pub use object::{Capability, Object};
pub use table::{Reservation, Table};
