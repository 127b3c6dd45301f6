//! What of the wiring is newer than what whom was granted.
//!
//! Owns: the order of starts. Invariant: a client is up to date with everybody at its own start, and with one who
//! was started again since, once it has been given what is new. So asking again gives nothing that was taken back.
//! Does not: know capabilities; actors are their indices in the manifest.

use alloc::vec;
use alloc::vec::Vec;

/// See the module.
pub struct Renewals {
    /// Counts starts.
    starts: u64,
    /// At which start each actor was last started again, 0 for never.
    renewed_at: Vec<u64>,
    /// For each client: since which start what it has of each actor is up to date.
    told_at: Vec<Vec<u64>>,
}

impl Renewals {
    /// Of so many actors, none started yet.
    pub fn new(count: usize) -> Self {
        Self { starts: 0, renewed_at: vec![0; count], told_at: vec![vec![0; count]; count] }
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

    /// Whether the client has something of the target from before it was last started.
    pub fn is_stale(&self, client: usize, target: usize) -> bool {
        let told_at = self.told_at.get(client).and_then(|told_at| told_at.get(target));
        told_at.zip(self.renewed_at.get(target)).is_some_and(|(told_at, renewed_at)| told_at < renewed_at)
    }

    /// The client has been given what is new of the target.
    pub fn note_given(&mut self, client: usize, target: usize) {
        if let Some(told_at) = self.told_at.get_mut(client).and_then(|told_at| told_at.get_mut(target)) {
            *told_at = self.starts;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: usize = 1;
    const CLIENT: usize = 2;

    fn started() -> Renewals {
        let mut renewals = Renewals::new(3);
        // The client first: what is started for the first time is no news.
        renewals.note_start(CLIENT, false);
        renewals.note_start(SERVER, false);
        assert!(!renewals.is_stale(CLIENT, SERVER));
        renewals
    }

    #[test]
    fn what_is_started_again_is_news_once_each_time() {
        let mut renewals = started();
        for _ in 0..3 {
            renewals.note_start(SERVER, true);
            assert!(renewals.is_stale(CLIENT, SERVER) && !renewals.is_stale(CLIENT, 0));
            renewals.note_given(CLIENT, SERVER);
            assert!(!renewals.is_stale(CLIENT, SERVER));
        }
    }

    #[test]
    fn whoever_is_started_after_it_is_up_to_date() {
        let mut renewals = started();
        renewals.note_start(SERVER, true);
        renewals.note_start(CLIENT, true);
        assert!(!renewals.is_stale(CLIENT, SERVER) && renewals.is_stale(SERVER, CLIENT));
    }

    #[test]
    fn nobody_that_there_is_not_is_stale() {
        let mut renewals = started();
        renewals.note_start(7, true);
        renewals.note_given(7, SERVER);
        assert!(!renewals.is_stale(7, SERVER) && !renewals.is_stale(CLIENT, 7));
    }
}
