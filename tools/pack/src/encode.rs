//! From a plan to the image's bytes.
//!
//! Owns: where each entry's contents go: after the directory, in its order, each at a multiple of 16 bytes.
//! Does not: check anything again; the records' layouts are tessera-abi's.

use tessera_abi::image::{
    Entry, EntryKind, EntryName, IMAGE_MAGIC, IMAGE_VERSION, ImageHead, MANIFEST_VERSION, ManifestActor,
    ManifestHead, checksum,
};

use crate::check::{ActorPlan, Plan};

const ALIGNMENT: usize = 16;

/// The name of the manifest's entry.
const MANIFEST_NAME: &str = "system";

pub fn image(plan: &Plan) -> Vec<u8> {
    let mut contents = vec![(EntryKind::Manifest, MANIFEST_NAME, manifest(&plan.actors))];
    contents
        .extend(plan.modules.iter().map(|(name, bytes)| (EntryKind::Module, name.as_str(), bytes.clone())));
    contents.extend(plan.files.iter().map(|(name, bytes)| (EntryKind::File, name.as_str(), bytes.clone())));
    let mut directory = Vec::new();
    let mut data = Vec::new();
    let data_start = (ImageHead::SIZE + contents.len() * Entry::SIZE).next_multiple_of(ALIGNMENT);
    for (kind, name, bytes) in &contents {
        let offset = (data_start + data.len()) as u64;
        let name = EntryName::new_truncated(name);
        let entry = Entry { kind: *kind, reserved: 0, name, offset, len_bytes: bytes.len() as u64 };
        directory.extend(entry.encode());
        data.extend(bytes);
        data.resize(data.len().next_multiple_of(ALIGNMENT), 0);
    }
    directory.resize(data_start - ImageHead::SIZE, 0);
    let body = [directory, data].concat();
    let head = ImageHead {
        magic: IMAGE_MAGIC,
        version: IMAGE_VERSION,
        entry_count: u32::try_from(contents.len()).unwrap_or(u32::MAX),
        len_bytes: (ImageHead::SIZE + body.len()) as u64,
        checksum: checksum(&body),
    };
    [&head.encode(), &body[..]].concat()
}

fn manifest(actors: &[ActorPlan]) -> Vec<u8> {
    let actor_count = u32::try_from(actors.len()).unwrap_or(u32::MAX);
    let mut bytes = ManifestHead { version: MANIFEST_VERSION, actor_count }.encode().to_vec();
    for actor in actors {
        let record = ManifestActor {
            cap_count: u32::try_from(actor.grants.len()).unwrap_or(u32::MAX),
            args_len_bytes: u32::try_from(actor.args.len()).unwrap_or(u32::MAX),
            ..actor.record
        };
        bytes.extend(record.encode());
        actor.grants.iter().for_each(|grant| bytes.extend(grant.encode()));
        bytes.extend(actor.args.as_bytes());
    }
    bytes
}
