//! The packed image: what `bootloader` loads as the ramdisk and `image_read` reads from.
//!
//! Layout: an [`ImageHead`], `entry_count` [`Entry`]s, then the contents that the entries point to.
//! Owns: that layout and its one reader. tools/pack writes it with the records' own `encode`.
//! Invariants: every byte is a claim; a value of [`Image`] has a directory whose entries all lie inside
//! the image and a checksum that is right, so its accessors cannot fail or panic afterwards.
//! Does not: defend against a forger (the checksum is against accidents), or read modules.

mod manifest;

pub use manifest::{
    ActorEntry, MANIFEST_VERSION, Manifest, ManifestActor, ManifestCap, ManifestHead, NO_ACTOR, Restart,
    SHUTDOWN_MS, Strategy,
};

use crate::text::Text;
use crate::wire::{Malformed, Reader, numbered, record};

/// The first eight bytes of every image: `TESSERA` and a newline.
pub const IMAGE_MAGIC: u64 = u64::from_le_bytes(*b"TESSERA\n");

/// The layout's version.
pub const IMAGE_VERSION: u32 = 1;

/// The name of an entry.
pub type EntryName = Text<64>;

numbered! {
    /// What an entry of the image is.
    pub enum EntryKind: u32 {
        Module = 1, "module", "A Wasm module that actors run.";
        File = 2, "file", "Bytes for whoever holds the image.";
        Manifest = 3, "manifest", "The wiring: which actors there are and what each is granted.";
    }
}

record! {
    /// The front of an image.
    pub struct ImageHead {
        /// [`IMAGE_MAGIC`].
        pub magic: u64,
        /// [`IMAGE_VERSION`].
        pub version: u32,
        /// How many entries follow.
        pub entry_count: u32,
        /// Bytes of the whole image, this record included; what follows is padding.
        pub len_bytes: u64,
        /// [`checksum`] of everything behind this record.
        pub checksum: u64,
    }
}

record! {
    /// One line of the directory.
    pub struct Entry {
        /// What it is.
        pub kind: EntryKind,
        /// Set to zero.
        pub reserved: u32,
        /// Its name, unique among those of its kind.
        pub name: EntryName,
        /// Where its bytes begin, counted from the image's first byte.
        pub offset: u64,
        /// How many there are.
        pub len_bytes: u64,
    }
}

/// Why bytes are no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageError {
    /// They are fewer than the head says, or than a head has.
    Truncated,
    /// They do not begin as an image does.
    BadMagic,
    /// Another version wrote them.
    UnknownVersion(u32),
    /// They changed since they were packed.
    BadChecksum,
    /// The entry with this index is no entry, or points outside.
    BadEntry(u32),
    /// There is no manifest.
    NoManifest,
    /// The manifest is not one; the index is that of the first wrong actor, or [`NO_ACTOR`] for the head.
    BadManifest(u32),
}

/// What is wrong, in one sentence.
impl core::fmt::Display for ImageError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated => formatter.write_str("it is cut short"),
            Self::BadMagic => formatter.write_str("it does not begin as an image does"),
            Self::UnknownVersion(version) => {
                write!(formatter, "its version is {version}, known is {IMAGE_VERSION}")
            }
            Self::BadChecksum => formatter.write_str("it has changed since it was packed"),
            Self::BadEntry(index) => write!(formatter, "entry {index} is none, or points outside"),
            Self::NoManifest => formatter.write_str("there is no manifest in it"),
            Self::BadManifest(NO_ACTOR) => formatter.write_str("the manifest's head is wrong"),
            Self::BadManifest(index) => write!(formatter, "actor {index} of the manifest is wrong"),
        }
    }
}

/// FNV-1a over 64 bits: enough to notice an accident, small enough for every side.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// An image that has been checked.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    bytes: &'a [u8],
    directory: &'a [u8],
}

impl<'a> Image<'a> {
    /// Checks `bytes`: head, length, checksum and every entry. Bytes behind the image are ignored,
    /// because loaders pad.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let mut reader = Reader::new(bytes);
        let head: ImageHead = reader.field().map_err(|Malformed| ImageError::Truncated)?;
        if head.magic != IMAGE_MAGIC {
            return Err(ImageError::BadMagic);
        }
        if head.version != IMAGE_VERSION {
            return Err(ImageError::UnknownVersion(head.version));
        }
        let len_bytes = usize::try_from(head.len_bytes).map_err(|_| ImageError::Truncated)?;
        let bytes = bytes.get(..len_bytes).ok_or(ImageError::Truncated)?;
        let body = bytes.get(ImageHead::SIZE..).ok_or(ImageError::Truncated)?;
        if checksum(body) != head.checksum {
            return Err(ImageError::BadChecksum);
        }
        let directory = directory(body, head.entry_count)?;
        let image = Self { bytes, directory };
        image.check_entries()?;
        Ok(image)
    }

    /// The whole image, without padding.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The entries with their bytes, in the order of the directory.
    pub fn entries(&self) -> impl Iterator<Item = (Entry, &'a [u8])> + use<'a> {
        let bytes = self.bytes;
        self.directory.chunks_exact(Entry::SIZE).filter_map(move |line| {
            let entry = Entry::decode(line).ok()?;
            Some((entry, contents(bytes, &entry)?))
        })
    }

    /// The bytes of the entry of this kind and name.
    #[must_use]
    pub fn find(&self, kind: EntryKind, name: &str) -> Option<&'a [u8]> {
        self.entries().find(|(entry, _)| entry.kind == kind && entry.name == *name).map(|(_, bytes)| bytes)
    }

    /// The bytes of the module with this name.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<&'a [u8]> {
        self.find(EntryKind::Module, name)
    }

    /// The manifest, checked.
    ///
    /// # Errors
    /// [`ImageError::NoManifest`] or [`ImageError::BadManifest`].
    pub fn manifest(&self) -> Result<Manifest<'a>, ImageError> {
        let mut found = self.entries().filter(|(entry, _)| entry.kind == EntryKind::Manifest);
        let (_, bytes) = found.next().ok_or(ImageError::NoManifest)?;
        Manifest::parse(bytes)
    }

    fn check_entries(&self) -> Result<(), ImageError> {
        for (index, line) in (0..).zip(self.directory.chunks_exact(Entry::SIZE)) {
            let entry = Entry::decode(line).map_err(|Malformed| ImageError::BadEntry(index))?;
            contents(self.bytes, &entry).ok_or(ImageError::BadEntry(index))?;
        }
        Ok(())
    }
}

fn directory(body: &[u8], entry_count: u32) -> Result<&[u8], ImageError> {
    let count = usize::try_from(entry_count).map_err(|_| ImageError::Truncated)?;
    let len_bytes = count.checked_mul(Entry::SIZE).ok_or(ImageError::Truncated)?;
    body.get(..len_bytes).ok_or(ImageError::Truncated)
}

fn contents<'a>(image: &'a [u8], entry: &Entry) -> Option<&'a [u8]> {
    let start = usize::try_from(entry.offset).ok()?;
    let end = start.checked_add(usize::try_from(entry.len_bytes).ok()?)?;
    image.get(start..end)
}
