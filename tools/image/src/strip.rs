//! The kernel's file without its symbols and debug information.
//!
//! The BIOS stages read the kernel in small pieces through the firmware: 14 MB of debug build take
//! 20 s of an emulated boot, the 0.6 MB that are loaded take one. So the image gets a shorter copy:
//! everything up to the end of the last loaded segment, and a section table with the one section
//! that the bootloader looks up by name. Done by hand because the tool for it, llvm-objcopy, is found
//! only by whoever knows which compiler built the kernel. Addresses in an epitaph are looked up in the
//! whole file, which stays where it is. ELF-64 specification 1.5; little-endian only.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, io, process};

const SECTION_BYTES: usize = 64;
const MAGIC: [u8; 6] = [0x7f, b'E', b'L', b'F', 2, 1];
const LOAD: usize = 1;
const STRING_TABLE: usize = 3;
/// What the bootloader reads in the file before it loads it.
const CONFIG: &[u8] = b".bootloader-config";
/// The names of the two sections that the copy has, each ended by a zero, after the empty name.
const NAMES: &[u8] = b"\0.bootloader-config\0.shstrtab\0";
const CONFIG_NAME: u32 = 1;
const NAMES_NAME: usize = 20;

/// A short copy, which goes away with this value. Each process has one of its own, since make may
/// build the images of one kernel at the same time.
pub struct Stripped(PathBuf);

impl Stripped {
    /// Writes the short copy of `kernel` next to it.
    pub fn of(kernel: &Path) -> io::Result<Stripped> {
        let whole = fs::read(kernel)?;
        let short =
            strip(&whole).ok_or_else(|| io::Error::other("it is not an executable for a bootloader"))?;
        let copy = Stripped(kernel.with_extension(format!("stripped-{}", process::id())));
        fs::write(&copy.0, short)?;
        Ok(copy)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Stripped {
    fn drop(&mut self) {
        // A copy that was never made, or cannot be removed, harms nobody.
        let _ = fs::remove_file(&self.0);
    }
}

/// The short copy of an executable; `None` if `whole` is none, or has no section for the bootloader.
fn strip(whole: &[u8]) -> Option<Vec<u8>> {
    if !whole.starts_with(&MAGIC) {
        return None;
    }
    let config = section(whole, CONFIG)?;
    let end = loaded(whole)?.into_iter().map(|segment| segment.end).max()?;
    let mut short = whole.get(..end.next_multiple_of(8).min(whole.len()))?.to_vec();
    short.resize(end.next_multiple_of(8), 0);
    let names = short.len();
    short.extend_from_slice(NAMES);
    short.resize(short.len().next_multiple_of(8), 0);
    let table = short.len();
    short.resize(table + SECTION_BYTES, 0);
    let mut entry = config.to_vec();
    entry.splice(..4, CONFIG_NAME.to_le_bytes());
    short.extend_from_slice(&entry);
    let mut entry = [0; SECTION_BYTES];
    // Name and type are halves of the first eight bytes.
    let fields = [(0, STRING_TABLE << 32 | NAMES_NAME), (24, names), (32, NAMES.len())];
    fields.into_iter().for_each(|(at, value)| put(&mut entry, at, value));
    short.extend_from_slice(&entry);
    put(&mut short, 40, table);
    short.splice(60..64, [3, 0, 2, 0]);
    Some(short)
}

/// Where the loaded segments stand in the file.
fn loaded(whole: &[u8]) -> Option<Vec<Range<usize>>> {
    let (table, width, count) = (get(whole, 32, 8)?, get(whole, 54, 2)?, get(whole, 56, 2)?);
    let mut segments = Vec::new();
    for index in 0..count {
        let at = table.checked_add(index * width)?;
        if get(whole, at, 4)? == LOAD {
            let (start, bytes) = (get(whole, at.checked_add(8)?, 8)?, get(whole, at.checked_add(32)?, 8)?);
            let segment = start..start.checked_add(bytes)?;
            whole.get(segment.clone())?;
            segments.push(segment);
        }
    }
    Some(segments)
}

/// The table entry of the section called `name`.
fn section<'a>(whole: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (table, count, names) = (get(whole, 40, 8)?, get(whole, 60, 2)?, get(whole, 62, 2)?);
    let entry = |index: usize| {
        let start = table.checked_add(index * SECTION_BYTES)?;
        whole.get(start..start.checked_add(SECTION_BYTES)?)
    };
    let names = get(entry(names)?, 24, 8)?;
    (0..count).filter_map(entry).find(|entry| {
        let start = get(entry, 0, 4).and_then(|offset| names.checked_add(offset));
        let found = start.and_then(|start| whole.get(start..)).unwrap_or_default();
        found.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&0))
    })
}

/// The little-endian number of `width` bytes, at most 8, at `at`.
fn get(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let field = bytes.get(at..at.checked_add(width)?)?;
    usize::try_from(field.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))).ok()
}

/// Writes 8 bytes at `at`, or what of them fits.
fn put(bytes: &mut [u8], at: usize, value: usize) {
    bytes.iter_mut().skip(at).zip(value.to_le_bytes()).for_each(|(place, byte)| *place = byte);
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: &[u8] = b"what the kernel is";

    /// An executable with one loaded segment at 128, the section table behind it, and debug bytes.
    fn executable() -> Vec<u8> {
        let mut file = vec![0; 128];
        file.splice(..6, MAGIC);
        file.splice(54..58, [56, 0, 1, 0]);
        file.splice(60..64, [3, 0, 2, 0]);
        put(&mut file, 32, 64);
        put(&mut file, 64, LOAD);
        put(&mut file, 64 + 8, 128);
        put(&mut file, 64 + 32, CONTENT.len());
        file.extend_from_slice(CONTENT);
        file.extend_from_slice(&[0xdb; 100_000]);
        let names = file.len();
        file.extend_from_slice(b"\0.symtab\0.bootloader-config\0.shstrtab\0");
        let table = file.len();
        put(&mut file, 40, table);
        for (name, offset) in [(1, 200), (9, 130), (28, names)] {
            let mut entry = [0; SECTION_BYTES];
            put(&mut entry, 0, name);
            put(&mut entry, 24, offset);
            put(&mut entry, 32, 4);
            file.extend_from_slice(&entry);
        }
        file
    }

    #[test]
    fn what_is_loaded_stays_and_the_rest_goes() {
        let short = strip(&executable()).unwrap_or_default();
        assert_eq!(short.get(128..128 + CONTENT.len()), Some(CONTENT));
        assert!(short.len() < 1000, "{}", short.len());
        assert_eq!(loaded(&short), loaded(&executable()));
    }

    #[test]
    fn bootloader_still_finds_its_section() {
        let short = strip(&executable()).unwrap_or_default();
        let found = section(&short, CONFIG).unwrap_or_default();
        assert_eq!((get(found, 24, 8), get(found, 32, 8)), (Some(130), Some(4)));
        assert_eq!(section(&short, b".symtab"), None);
    }

    #[test]
    fn stripping_twice_changes_nothing_more() {
        let once = strip(&executable()).unwrap_or_default();
        assert_eq!(strip(&once), Some(once));
    }

    #[test]
    fn file_cut_anywhere_is_refused_and_never_a_panic() {
        let whole = executable();
        assert!((0..whole.len()).step_by(97).all(|end| strip(&whole[..end]).is_none()));
    }

    #[test]
    fn file_without_the_section_is_refused() {
        let mut file = executable();
        let at = file.windows(CONFIG.len()).position(|window| window == CONFIG).unwrap_or_default();
        file[at + 1] = b'B';
        assert_eq!(strip(&file), None);
    }
}
