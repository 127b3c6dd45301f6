//! Messages, and the objects through which actors meet.
//!
//! [`message`] is what travels, [`waiter`] is somebody blocked and how he is handed something,
//! [`endpoint`] a bounded queue with blocked senders in order ([`queue`] is what its lock guards, [`counters`]
//! what has become of everything, [`latency`] how long it took, [`figures`] where both are kept), [`reply`] the one
//! answer to one call, [`notification`] a word of signal bits, [`any`] a wait for several of these at once. Whoever
//! blocks arms his gate, registers where he waits, and leaves his stack; whoever ends the wait wins the gate first,
//! then puts the parcel into the inbox, then fires. So a parcel is never given to somebody who has stopped waiting, and
//! never lost.

pub mod any;
mod call;
mod counters;
pub mod endpoint;
mod figures;
mod latency;
pub mod message;
pub mod notification;
mod queue;
pub mod reply;
pub mod waiter;

pub use counters::{Calls, Counters};
pub use endpoint::{By, Endpoint};
pub use latency::Latencies;
pub use message::Message;
pub use notification::Notification;
pub use queue::Limits;
pub use reply::Reply;
pub use waiter::{Parcel, Waiter};
