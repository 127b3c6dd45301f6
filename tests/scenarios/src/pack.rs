//! Modules packed into an image without a manifest.
//!
//! Invariant: the same modules give the same bytes.

use alloc::string::String;
use alloc::vec::Vec;
use tessera_abi::image::{Entry, EntryKind, EntryName, IMAGE_MAGIC, IMAGE_VERSION, ImageHead, checksum};

/// Packs modules, each with its name.
pub fn pack(modules: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut directory = Vec::new();
    let mut contents: Vec<u8> = Vec::new();
    let start = ImageHead::SIZE + modules.len() * Entry::SIZE;
    for (name, bytes) in modules {
        let entry = Entry {
            kind: EntryKind::Module,
            reserved: 0,
            name: EntryName::new_truncated(name),
            offset: (start + contents.len()) as u64,
            len_bytes: bytes.len() as u64,
        };
        directory.extend_from_slice(&entry.encode());
        contents.extend_from_slice(bytes);
    }
    let body = [directory, contents].concat();
    let head = ImageHead {
        magic: IMAGE_MAGIC,
        version: IMAGE_VERSION,
        entry_count: modules.len() as u32,
        len_bytes: (ImageHead::SIZE + body.len()) as u64,
        checksum: checksum(&body),
    };
    [head.encode().to_vec(), body].concat()
}
