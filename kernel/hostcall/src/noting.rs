//! What is noted of host calls: the caller's tally of messages, and events of the trace.
//!
//! Owns nothing. Takes no lock.

use crate::context::Context;
use tessera_abi::{RevokeReceipt, TraceKind};
use tessera_core::actor::add_to;
use tessera_core::ipc::Message;
use tessera_core::trace::Happening;

impl Context<'_> {
    /// A message of the caller's has been taken.
    pub fn note_sent(&self, label: u64, bytes: usize) {
        add_to(&self.actor.tally().messages_out, 1);
        self.actor.measure_bytes(0, bytes);
        self.note(TraceKind::Send, label, bytes as u64);
    }

    /// The caller has got a message.
    pub fn note_received(&self, message: &Message) {
        add_to(&self.actor.tally().messages_in, 1);
        self.actor.measure_bytes(message.bytes.len(), 0);
        self.note(TraceKind::Receive, message.label, message.bytes.len() as u64);
    }

    /// The caller has spawned the actor with this id.
    pub fn note_spawned(&self, id: u64) {
        self.note(TraceKind::Spawn, id, 0);
    }

    /// The caller has taken capabilities back.
    pub fn note_revoked(&self, receipt: &RevokeReceipt) {
        self.note(TraceKind::Revoke, receipt.nodes, receipt.waiters);
    }

    fn note(&self, kind: TraceKind, first: u64, second: u64) {
        let actor = self.actor.id().bits();
        self.actor.kernel().trace().note(|| Happening { kind, actor, first, second });
    }
}
