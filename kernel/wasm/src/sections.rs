//! A module's sections as ranges of bytes, and a look at their element counts before anything
//! believes them.
//!
//! Owns the check of the header, and one rule: a section cannot have more elements than bytes. The
//! parser reserves room for as many elements as a section claims, so ten bytes could ask for hundreds
//! of gigabytes; with the rule what it reserves is a small multiple of the module's size.
//!
//! It judges nothing else: bytes that make no sense here end the walk and are left to the validator,
//! whose messages are better. It allocates nothing.

use core::ops::Range;

use tessera_abi::FaultKind;
use tessera_core::engine::Fault;

/// Magic number and version (Wasm core specification, §5.5.16).
const HEADER: &[u8; 8] = b"\0asm\x01\0\0\0";

/// Numbers of sections (Wasm core specification, §5.5.2).
pub(crate) const CUSTOM: u8 = 0;
pub(crate) const EXPORTS: u8 = 7;

/// Refuses what does not begin as a module, and a module with a section that claims more elements
/// than it has bytes.
pub(crate) fn check(module: &[u8]) -> Result<(), Fault> {
    if let Some(header) = module.first_chunk()
        && header != HEADER
    {
        return Err(malformed(format_args!("no module of Wasm version 1: it begins with {header:02x?}")));
    }
    Sections::of(module).try_for_each(|section| section.check(module))
}

fn malformed(text: core::fmt::Arguments<'_>) -> Fault {
    Fault::new(FaultKind::MalformedModule, text)
}

/// Where a section is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) id: u8,
    /// Offset of the section's number.
    pub(crate) start: usize,
    /// Offsets of its content, after its number and length.
    pub(crate) body: Range<usize>,
}

impl Section {
    fn check(&self, module: &[u8]) -> Result<(), Fault> {
        let Self { id, body, .. } = self;
        let counted = module.get(body.clone()).filter(|_| is_vector(*id)).and_then(leb_u32);
        let Some((count, elements)) = counted else { return Ok(()) };
        if elements.len() >= usize::try_from(count).unwrap_or(usize::MAX) {
            return Ok(());
        }
        let (at, len) = (body.start, body.len());
        Err(malformed(format_args!("section {id} at offset {at} claims {count} elements in {len} bytes")))
    }
}

/// The sections that begin with a count of elements: all but custom (0), start (8) and the count of
/// data segments (12), which reserves nothing.
fn is_vector(id: u8) -> bool {
    matches!(id, 1..=7 | 9..=11 | 13)
}

/// Walks a module's sections in their order, as far as they make sense.
pub(crate) struct Sections<'a> {
    module: &'a [u8],
    at: usize,
}

impl<'a> Sections<'a> {
    pub(crate) fn of(module: &'a [u8]) -> Self {
        Self { module, at: HEADER.len() }
    }
}

impl Iterator for Sections<'_> {
    type Item = Section;

    fn next(&mut self) -> Option<Section> {
        let (id, rest) = self.module.get(self.at..)?.split_first()?;
        let (len_bytes, rest) = leb_u32(rest)?;
        let body_start = self.module.len().checked_sub(rest.len())?;
        let body_end = body_start.checked_add(usize::try_from(len_bytes).ok()?)?;
        if body_end > self.module.len() {
            return None;
        }
        let section = Section { id: *id, start: self.at, body: body_start..body_end };
        self.at = body_end;
        Some(section)
    }
}

/// An unsigned number of up to 32 bits in LEB128, and what follows it.
fn leb_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(value).ok()?, bytes.get(index + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn module(sections: &[u8]) -> Vec<u8> {
        [HEADER.as_slice(), sections].concat()
    }

    #[test]
    fn a_claim_of_four_billion_functions_is_refused_with_its_place() {
        let fault = check(&module(&[10, 5, 0xff, 0xff, 0xff, 0xff, 0x0f])).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::MalformedModule);
        assert_eq!(fault.detail(), "section 10 at offset 10 claims 4294967295 elements in 5 bytes");
    }

    #[test]
    fn honest_truncated_and_senseless_sections_are_left_to_the_validator() {
        let honest = module(&[1, 4, 1, 0x60, 0, 0]);
        for end in 0..honest.len() {
            assert_eq!(check(&honest[..end]), Ok(()), "cut at {end}");
        }
        assert_eq!(check(&module(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])), Ok(()));
    }

    #[test]
    fn sections_are_where_their_numbers_and_lengths_say() {
        let found: Vec<_> = Sections::of(&module(&[0, 1, 0, 7, 0x81, 0, 0])).collect();
        let custom = Section { id: CUSTOM, start: 8, body: 10..11 };
        let exports = Section { id: EXPORTS, start: 11, body: 14..15 };
        assert_eq!(found, [custom, exports]);
    }
}
