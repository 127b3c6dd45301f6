//! The house's rules that neither rustc nor clippy knows: which way dependencies point, where `unsafe`
//! lives, that every file opens with a header, how long files are, and that generated documents are fresh.
//!
//! Owns: the rules, as small tables, one module each. A check looks and answers with [`Finding`]s; it
//! changes nothing. Only [`documents`] writes, and only where it is asked to.

pub mod deps;
pub mod documents;
pub mod metadata;
pub mod sources;
pub mod unsafety;

use std::fmt;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weight {
    /// Worth a look; fails nothing.
    Warning,
    /// Breaks a rule.
    Error,
}

/// Something a check has found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How much it weighs.
    pub weight: Weight,
    /// Where, relative to the repository's root.
    pub place: String,
    /// Which rule, and how it is broken.
    pub text: String,
}

impl Finding {
    /// A broken rule.
    pub fn error(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { weight: Weight::Error, place: place.into(), text: text.into() }
    }

    /// Something worth a look.
    pub fn warning(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, place: place.into(), text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Warning => "warning",
            Weight::Error => "error",
        };
        write!(f, "{weight}: {}: {}", self.place, self.text)
    }
}
