//! The image's reader believes nothing: truncated, changed and random bytes are refused or read, and
//! never panic. Changed images also get their checksum mended, so that the checks behind it are reached.

use tessera_abi::image::{
    Entry, EntryKind, EntryName, IMAGE_MAGIC, IMAGE_VERSION, ImageHead, MANIFEST_VERSION, ManifestActor,
    ManifestCap, ManifestHead, NO_ACTOR, Restart, Strategy, checksum,
};
use tessera_abi::{Amounts, Image, ImageError, Name, ObjectKind, Policy, Priority, Rights, Shape, SlotName};

const ARGS: &str = "verbose";

fn manifest() -> Vec<u8> {
    let mut bytes = ManifestHead { version: MANIFEST_VERSION, actor_count: 2 }.encode().to_vec();
    for name in ["root", "echo"] {
        let actor = ManifestActor {
            name: Name::new_truncated(name),
            module: Name::new_truncated(name),
            shape: Shape::Main,
            priority: Priority::Normal,
            restart: Restart::OnFault,
            strategy: Strategy::OneForOne,
            restart_limit: 3,
            restart_window_ms: 1000,
            back_off_ms: 10,
            watchdog_ms: 0,
            shutdown_ms: 5000,
            supervisor: if name == "root" { NO_ACTOR } else { 0 },
            memory_max_bytes: 1 << 20,
            stack_max_bytes: 0,
            slots_max: 16,
            account: Amounts::NONE,
            mailbox: 4,
            policy: Policy::DropOldest,
            cap_count: 1,
            args_len_bytes: ARGS.len() as u32,
        };
        let cap = ManifestCap {
            slot: SlotName::new_truncated("peer"),
            kind: ObjectKind::Endpoint,
            reserved: [0; 3],
            rights: Rights::SEND,
            badge: 7,
            target: 1,
        };
        bytes.extend(actor.encode());
        bytes.extend(cap.encode());
        bytes.extend(ARGS.as_bytes());
    }
    bytes
}

fn image() -> Vec<u8> {
    let contents: [(EntryKind, &str, Vec<u8>); 3] = [
        (EntryKind::Manifest, "system", manifest()),
        (EntryKind::Module, "root", b"\0asm\x01\0\0\0".to_vec()),
        (EntryKind::File, "motd", b"hello".to_vec()),
    ];
    let mut body = Vec::new();
    let mut offset = ImageHead::SIZE + contents.len() * Entry::SIZE;
    for (kind, name, bytes) in &contents {
        let name = EntryName::new_truncated(name);
        let entry =
            Entry { kind: *kind, reserved: 0, name, offset: offset as u64, len_bytes: bytes.len() as u64 };
        body.extend(entry.encode());
        offset += bytes.len();
    }
    contents.iter().for_each(|(_, _, bytes)| body.extend(bytes));
    with_head(&body)
}

fn with_head(body: &[u8]) -> Vec<u8> {
    let head = ImageHead {
        magic: IMAGE_MAGIC,
        version: IMAGE_VERSION,
        entry_count: 3,
        len_bytes: (ImageHead::SIZE + body.len()) as u64,
        checksum: checksum(body),
    };
    [&head.encode(), body].concat()
}

/// Looks at everything that an image offers, and returns how much there was.
fn walk(bytes: &[u8]) -> Result<usize, ImageError> {
    let image = Image::parse(bytes)?;
    let entries: usize = image.entries().map(|(entry, bytes)| bytes.len() + entry.name.as_str().len()).sum();
    let manifest = image.manifest()?;
    assert_eq!(manifest.actors().count(), manifest.actor_count() as usize);
    let caps: usize = manifest.actors().map(|actor| actor.caps().count() + actor.args.len()).sum();
    Ok(entries + caps)
}

fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn an_image_reads_back_what_was_packed() {
    let bytes = image();
    let image = Image::parse(&bytes).unwrap();
    assert_eq!(image.find(EntryKind::File, "motd"), Some(&b"hello"[..]));
    assert_eq!(image.module("motd"), None);
    let manifest = image.manifest().unwrap();
    let echo = manifest.actors().nth(1).unwrap();
    assert_eq!((echo.head.name.as_str(), echo.args, echo.head.supervisor), ("echo", ARGS, 0));
    assert_eq!(echo.caps().next().unwrap().slot.as_str(), "peer");
}

#[test]
fn padding_behind_an_image_is_ignored_and_a_missing_byte_is_not() {
    let bytes = image();
    assert!(walk(&[&bytes[..], &[0; 4096]].concat()).is_ok());
    for len in 0..bytes.len() {
        assert_eq!(walk(&bytes[..len]), Err(ImageError::Truncated), "{len} bytes");
    }
}

#[test]
fn a_changed_byte_is_noticed_wherever_it_is() {
    let bytes = image();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        assert!(walk(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn an_actor_or_target_that_does_not_exist_is_a_bad_manifest() {
    let bytes = image();
    let at = bytes.len() - b"hello".len() - b"\0asm\x01\0\0\0".len() - ARGS.len() - 4;
    let mut body = bytes[ImageHead::SIZE..].to_vec();
    body[at - ImageHead::SIZE] = 2;
    assert_eq!(walk(&with_head(&body)), Err(ImageError::BadManifest(1)));
}

#[test]
fn no_change_makes_the_reader_panic() {
    let bytes = image();
    let mut state = 0x5eed_1234_9abc_def0;
    let mut accepted = 0;
    for _ in 0..50_000 {
        let mut body = bytes[ImageHead::SIZE..].to_vec();
        for _ in 0..=random(&mut state) % 3 {
            let at = random(&mut state) as usize % body.len();
            body[at] = random(&mut state) as u8;
        }
        if random(&mut state).is_multiple_of(8) {
            body.truncate(random(&mut state) as usize % body.len());
        }
        accepted += usize::from(walk(&with_head(&body)).is_ok());
    }
    assert!(accepted > 0, "changes to names and contents are still images");
}
