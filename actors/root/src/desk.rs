//! Where root is asked, by those whom it has started, for what has been started again.
//!
//! Invariant: a client, known by the badge of its way to ask, is given what its own entry in the manifest grants it,
//! with the rights and the badge there, and only if that is newer than what it was given. An answer that did not
//! reach it gave it nothing.
//! Does not: wait; a question is answered at once.

use actor_sdk::abi::ObjectKind;
use actor_sdk::abi::image::ManifestCap;
use actor_sdk::capability::Slot;
use actor_sdk::protocol::supervisor::{GIVE, GIVEN, REFUSED};
use actor_sdk::{Error, Incoming, Outgoing, Rights, warn};

use crate::house::House;

/// What a client is to be given.
struct Renewed {
    client: usize,
    /// Where its entry grants it that.
    place: usize,
    slot: Slot,
    rights: Rights,
}

impl House<'_> {
    /// Answers a client that asks for what has been started again.
    pub fn serve(&mut self, mut message: Incoming) {
        let Some(reply) = message.take_reply() else { return };
        let answered = match self.renewed(&message) {
            Ok(Renewed { client, place, slot, rights }) => reply
                .send(&Outgoing::new(GIVEN).share_slot(&slot, rights))
                .map(|()| self.wiring.note_given(client, place)),
            Err(error) => reply.send(&Outgoing::new(REFUSED).word(0, error.number().into())),
        };
        match answered {
            // Whoever no longer waits can ask again.
            Ok(()) | Err(Error::PeerDead) => {}
            Err(error) => warn!("an answer was refused: {}", error.prose()),
        }
    }

    fn renewed(&self, message: &Incoming) -> Result<Renewed, Error> {
        let name = message.text().filter(|_| message.label == GIVE).ok_or(Error::InvalidArgument)?;
        let client = usize::try_from(message.badge).map_err(|_| Error::NotFound)?;
        let entry = self.entries.get(client).ok_or(Error::NotFound)?;
        let changes = |cap: &ManifestCap| matches!(cap.kind, ObjectKind::Endpoint | ObjectKind::Actor);
        let mut caps = entry.caps().enumerate();
        let found = caps.find(|(_, cap)| cap.slot.as_str() == name && changes(cap));
        let (place, cap) = found.ok_or(Error::NotFound)?;
        match self.wiring.renewed(client, (place, &cap))? {
            Some((slot, rights)) => Ok(Renewed { client, place, slot, rights }),
            None if self.tree.will_be_there(cap.target as usize) => Err(Error::Busy),
            None => Err(Error::Closed),
        }
    }
}
