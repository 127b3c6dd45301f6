//! The address space, as far as anybody above khal may look at it: a count of what is mapped.
//!
//! Read-only, for boot tests and for whoever doubts. Memory itself is had through the heap.

use crate::backend;

/// What a walk over every page-table entry found. All counts but the first two are 0 in a sound
/// address space.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct AuditReport {
    /// Pages mapped, of any size.
    pub leaves: usize,
    /// Pages that can be executed: the kernel's text, page by page.
    pub executable: usize,
    /// Pages that can be both written and executed.
    pub writable_executable: usize,
    /// Executable pages outside the kernel's text.
    pub foreign_executable: usize,
    /// Writable pages that show a frame of the kernel's text or read-only data.
    pub text_aliases: usize,
    /// Pages in the lower half: there is no identity map.
    pub low_half_leaves: usize,
    /// Pages outside the regions that the backend's layout knows.
    pub stray: usize,
    /// Pages that lie where a stack's guard should be.
    pub mapped_guards: usize,
}

impl AuditReport {
    /// Whether nothing was found that should not be.
    pub fn is_sound(&self) -> bool {
        let expected =
            AuditReport { leaves: self.leaves, executable: self.executable, ..AuditReport::default() };
        *self == expected && self.executable > 0
    }
}

/// Walks the kernel's page tables; takes some milliseconds. `None` on the host, where the tables are
/// the operating system's.
pub fn audit() -> Option<AuditReport> {
    backend::memory::audit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_stray_page_makes_a_report_unsound() {
        let sound = AuditReport { leaves: 9, executable: 3, ..AuditReport::default() };
        assert!(sound.is_sound());
        assert!(!AuditReport { writable_executable: 1, ..sound }.is_sound());
        assert!(!AuditReport { mapped_guards: 1, ..sound }.is_sound());
        assert!(!AuditReport::default().is_sound());
    }
}
