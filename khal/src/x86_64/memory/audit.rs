//! A walk over every page-table entry, for a boot test and for whoever doubts.
//!
//! Reads only. It judges leaves by what the tables say, not by what the code that wrote them meant:
//! the kernel's frames are found by translating its own addresses.

use crate::memory::AuditReport;

use super::layout::{self, DEVICES_BASE, DEVICES_END, DIRECT_BASE, DIRECT_END, Range};
use super::tables::{Entry, Leaf, Table};
use super::takeover::Ranges;
use super::{space, stacks};

/// Walks the kernel's tables. Takes some milliseconds; other cores may map meanwhile.
pub(crate) fn audit() -> Option<AuditReport> {
    let root = space::root()?;
    let mut audit = Audit { report: AuditReport::default(), constant: constant_frames(root) };
    audit.walk(root, 0, 4);
    Some(audit.report)
}

struct Audit {
    report: AuditReport,
    /// The frames of the kernel's text and constants; `None` if they are too scattered to list, and
    /// then every writable page counts as an alias.
    constant: Option<Ranges>,
}

impl Audit {
    fn walk(&mut self, table: Table, base: u64, level: u32) {
        for index in 0..512 {
            let address = base + ((index as u64) << (12 + 9 * (level - 1)));
            match table.read(index) {
                Entry::Absent => {}
                Entry::Table(next) => self.walk(next, address, level - 1),
                Entry::Leaf(leaf) => self.judge(canonical(address), leaf),
            }
        }
    }

    fn judge(&mut self, address: u64, leaf: Leaf) {
        let text = layout::kernel_text();
        let frames = Range { start: leaf.physical, end: leaf.physical + leaf.bytes };
        let shows_constant = self.constant.as_ref().is_none_or(|constant| constant.overlap(frames));
        let report = &mut self.report;
        report.leaves += 1;
        report.executable += usize::from(leaf.executable);
        report.writable_executable += usize::from(leaf.writable && leaf.executable);
        report.foreign_executable += usize::from(leaf.executable && !text.contains(address));
        report.low_half_leaves += usize::from(address < DIRECT_BASE);
        report.stray += usize::from(!expected(address));
        report.mapped_guards += usize::from(stacks::is_guard(address));
        report.text_aliases += usize::from(leaf.writable && shows_constant);
    }
}

/// Where the kernel's text and constants lie, by the tables' own account.
fn constant_frames(root: Table) -> Option<Ranges> {
    let mut frames = Ranges::new();
    for page in layout::kernel_rodata().frames().chain(layout::kernel_text().frames()) {
        frames.push_frame(root.translate(page)?).ok()?;
    }
    Some(frames)
}

/// Whether a page at `address` belongs to a region that `layout` knows.
fn expected(address: u64) -> bool {
    let direct = Range { start: DIRECT_BASE, end: DIRECT_END };
    let devices = Range { start: DEVICES_BASE, end: DEVICES_END };
    let image = Range { start: layout::kernel_rodata().start, end: layout::kernel_data().end };
    direct.contains(address)
        || devices.contains(address)
        || image.contains(address)
        || stacks::in_region(address)
}

/// Sign-extends bit 47 (SDM volume 1, 3.3.7.1).
fn canonical(address: u64) -> u64 {
    ((address << 16) as i64 >> 16) as u64
}
