//! A look at a module's header and its sections' element counts, before anything believes them.
//!
//! Owns one rule beside the header: a section cannot have more elements than bytes. The parser
//! reserves room for as many elements as a section claims, so ten bytes could ask for hundreds of
//! gigabytes; with the rule what it reserves is a small multiple of the module's size.
//!
//! It judges nothing else: bytes that make no sense here are left to the parser, whose messages are
//! better. It allocates nothing.

use tessera_abi::FaultKind;
use tessera_core::engine::Fault;

/// Magic number and version (Wasm core specification, §5.5.16).
const HEADER: &[u8; 8] = b"\0asm\x01\0\0\0";

/// Refuses what does not begin as a module, and a module with a section that claims more elements
/// than it has bytes.
pub(crate) fn check(module: &[u8]) -> Result<(), Fault> {
    let Some((header, mut rest)) = module.split_first_chunk() else { return Ok(()) };
    if header != HEADER {
        return Err(malformed(format_args!("no module of Wasm version 1: it begins with {header:02x?}")));
    }
    while let Some((id, body, after)) = section(rest) {
        let at = module.len().saturating_sub(after.len()).saturating_sub(body.len());
        if is_vector(id)
            && let Some((count, elements)) = leb_u32(body)
            && elements.len() < usize::try_from(count).unwrap_or(usize::MAX)
        {
            let len = body.len();
            return Err(malformed(format_args!(
                "section {id} at offset {at} claims {count} elements in {len} bytes"
            )));
        }
        rest = after;
    }
    Ok(())
}

fn malformed(text: core::fmt::Arguments<'_>) -> Fault {
    Fault::new(FaultKind::MalformedModule, text)
}

/// The sections that begin with a count of elements: all but custom (0), start (8) and the count of
/// data segments (12), which reserves nothing.
fn is_vector(id: u8) -> bool {
    matches!(id, 1..=7 | 9..=11 | 13)
}

/// The next section's number and body, and what follows it.
fn section(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&id, rest) = bytes.split_first()?;
    let (len_bytes, rest) = leb_u32(rest)?;
    let (body, after) = rest.split_at_checked(usize::try_from(len_bytes).ok()?)?;
    Some((id, body, after))
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
    use super::*;

    #[test]
    fn a_claim_of_four_billion_functions_is_refused_with_its_place() {
        let module = [HEADER.as_slice(), &[10, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
        let fault = check(&module).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::MalformedModule);
        assert_eq!(fault.detail(), "section 10 at offset 10 claims 4294967295 elements in 5 bytes");
    }

    #[test]
    fn honest_truncated_and_senseless_sections_are_left_to_the_parser() {
        let honest = [HEADER.as_slice(), &[1, 4, 1, 0x60, 0, 0]].concat();
        for end in 0..honest.len() {
            assert_eq!(check(&honest[..end]), Ok(()), "cut at {end}");
        }
        let endless_number = [HEADER.as_slice(), &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat();
        assert_eq!(check(&endless_number), Ok(()));
    }
}
