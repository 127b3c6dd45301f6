//! Actors that the actor under test has started.
//!
//! Invariant: none of them runs.

use tessera_abi::{EndReason, EndRecord, LimitsRecord, ObjectKind, PulseRecord, Rights};

/// An actor that was spawned: what a test sees of it.
#[derive(Clone, Debug)]
pub struct Spawned {
    /// What it is called.
    pub name: String,
    /// Which of the image's modules it runs, if it was given none.
    pub module: String,
    /// The module that it was given.
    pub code: Option<Vec<u8>>,
    /// Its argument text.
    pub args: String,
    /// Name, kind and rights of what it was handed, in the order of its slots.
    pub caps: Vec<(String, ObjectKind, Rights)>,
    /// What the account is called that it was started in; `None` for the spawner's own.
    pub account: Option<String>,
    /// How many it stands in for, and how many of those ended by a fault.
    pub stands_in_for: (u32, u32),
    /// Whether it was killed.
    pub killed: bool,
    /// Whether it was asked to end. It is for the test to end it.
    pub terminated: bool,
    /// Whether it is held back: a draft, or suspended.
    pub suspended: bool,
    pub(super) draft: bool,
    /// How many capabilities it can hold.
    pub(super) slots_max: usize,
    pub(super) limits: Vec<LimitsRecord>,
    pub(super) id: u64,
    pub(super) pulse: PulseRecord,
    pub(super) end: Option<EndRecord>,
    pub(super) end_signals: Vec<(usize, u64)>,
    /// Places of those that end with it.
    pub(super) links: Vec<usize>,
}

impl Spawned {
    /// Why it ended, if it has.
    #[must_use]
    pub fn end_reason(&self) -> Option<EndReason> {
        self.end.map(|end| end.reason)
    }

    /// The limits of what it was handed under this name, as they were then.
    #[must_use]
    pub fn limits(&self, name: &str) -> Option<LimitsRecord> {
        let place = self.caps.iter().position(|(own, _, _)| own == name)?;
        self.limits.get(place).copied()
    }
}
