//! Authority: objects, capabilities, and the table in which an actor holds them.
//!
//! [`object`] says what can be named, [`capability`] what its holder may do to it, [`table`] is where a handle leads
//! from slot to object, in one lookup that checks generation, liveness, kind and rights. A capability is an object with
//! rights and a badge; rights only shrink on the way from holder to holder.
//!
//! Every capability is a node of its object's derivation tree ([`tree`], whose rules are in [`forest`] and
//! whose memory is in `nodes`), which is also the reverse index (design D5): from an object to everybody who
//! can name it. [`revoke`] takes a subtree back wherever it is, [`through`] finds who is blocked by it. What one
//! may be used for at the most is in [`limits`].

pub mod capability;
pub mod forest;
pub mod limits;
mod nodes;
pub mod object;
pub mod revoke;
pub mod table;
pub mod through;
pub mod tree;

pub use capability::Capability;
pub use forest::{Scope, View};
pub use nodes::{Grant, NodeId};
pub use object::{Authority, Object};
pub use table::{Reservation, Table};
pub use through::{Passages, Through};
pub use tree::{Pass, Proof, Tree};
