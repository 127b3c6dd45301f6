//! What of the wiring is newer than what whom was granted.
//!
//! Owns: the order of starts. Invariant: all that a client was granted is up to date at its own start, and what it
//! has of one who was started again since, once it has been given that anew. So asking again gives nothing that was
//! taken back.
//! Does not: know capabilities; actors are their indices in the manifest, grants their places in a client's entry.

use alloc::vec;
use alloc::vec::Vec;

/// See the module.
pub struct Renewals {
    /// Counts starts.
    starts: u64,
    /// At which start each actor was last started again, 0 for never.
    renewed_at: Vec<u64>,
    /// For each client: since which start each of its grants is up to date.
    told_at: Vec<Vec<u64>>,
}

impl Renewals {
    /// Of actors with so many grants each, none started yet.
    pub fn new(grants: impl Iterator<Item = usize>) -> Self {
        let told_at: Vec<_> = grants.map(|count| vec![0; count]).collect();
        Self { starts: 0, renewed_at: vec![0; told_at.len()], told_at }
    }

    /// An actor has been started, and granted what there is now. If it had been before, what others have of it is
    /// not what it was.
    pub fn note_start(&mut self, index: usize, again: bool) {
        self.starts += 1;
        if let Some(told_at) = self.told_at.get_mut(index) {
            told_at.fill(self.starts);
        }
        if let Some(renewed_at) = self.renewed_at.get_mut(index).filter(|_| again) {
            *renewed_at = self.starts;
        }
    }

    /// Whether what the client was granted of the target is from before that was last started.
    pub fn is_stale(&self, client: usize, grant: usize, target: usize) -> bool {
        let told_at = self.told_at.get(client).and_then(|told_at| told_at.get(grant));
        told_at.zip(self.renewed_at.get(target)).is_some_and(|(told_at, renewed_at)| told_at < renewed_at)
    }

    /// The client has been given anew what it was granted there.
    pub fn note_given(&mut self, client: usize, grant: usize) {
        if let Some(told_at) = self.told_at.get_mut(client).and_then(|told_at| told_at.get_mut(grant)) {
            *told_at = self.starts;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: usize = 1;
    const CLIENT: usize = 2;
    /// The places of what the client is granted of the server.
    const GRANTS: [usize; 2] = [0, 1];

    fn started() -> Renewals {
        let mut renewals = Renewals::new([0, 1, 2].into_iter());
        // The client first: what is started for the first time is no news.
        renewals.note_start(CLIENT, false);
        renewals.note_start(SERVER, false);
        assert!(!renewals.is_stale(CLIENT, 0, SERVER));
        renewals
    }

    #[test]
    fn what_is_started_again_is_news_once_each_time_for_each_grant() {
        let mut renewals = started();
        for _ in 0..3 {
            renewals.note_start(SERVER, true);
            for grant in GRANTS {
                assert!(renewals.is_stale(CLIENT, grant, SERVER) && !renewals.is_stale(CLIENT, grant, 0));
                renewals.note_given(CLIENT, grant);
                assert!(!renewals.is_stale(CLIENT, grant, SERVER));
            }
        }
    }

    #[test]
    fn whoever_is_started_after_it_is_up_to_date() {
        let mut renewals = started();
        renewals.note_start(SERVER, true);
        renewals.note_start(CLIENT, true);
        assert!(GRANTS.iter().all(|grant| !renewals.is_stale(CLIENT, *grant, SERVER)));
        assert!(renewals.is_stale(SERVER, 0, CLIENT));
    }

    #[test]
    fn nobody_that_there_is_not_is_stale() {
        let mut renewals = started();
        renewals.note_start(7, true);
        renewals.note_given(7, 0);
        renewals.note_given(CLIENT, 7);
        assert!(!renewals.is_stale(7, 0, SERVER) && !renewals.is_stale(CLIENT, 7, SERVER));
        assert!(!renewals.is_stale(CLIENT, 0, 7));
    }
}
