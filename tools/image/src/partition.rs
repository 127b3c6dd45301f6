//! The boot partition of a BIOS image, laid out for how the boot stages read it.
//!
//! The `bootloader` crate formats it with clusters of 1 KiB. Its second stage reads through the firmware,
//! and for each cluster, however small, a whole buffer of 16 KiB and a piece of the allocation table: a
//! kernel of 3 MB was read as 50. So the files move to a partition with clusters that are whole buffers,
//! in the same FAT format, and everything before the partition stays as it is. The firmware reads UEFI
//! images, in its own way; they are left alone. Owns no file: it turns the bytes of an image into others.

use std::io::{self, Cursor, Read, Write};

use fatfs::{FatType, FileSystem, FormatVolumeOptions, FsOptions};

const SECTOR: usize = 512;
/// Two of the second stage's buffers: half as many looks at the allocation table, and little padding.
const CLUSTER: usize = 32 * 1024;
/// The allocation tables, the root directory, and the sectors before them, generously.
const OVERHEAD: usize = 2 * CLUSTER;
/// Beyond it, FAT12 counts its sectors in a field that the second stage takes for FAT32's.
const MOST: usize = (u16::MAX as usize) * SECTOR;
/// The second entry of the partition table, which names the boot partition: first sector, sectors.
const ENTRY: usize = 446 + 16 + 8;

/// Files of a partition's root, in the order in which they were written.
type Files = Vec<(String, Vec<u8>)>;

/// The same image with large clusters.
///
/// # Errors
/// `image` is not one of the `bootloader` crate's, or its files are too large for the format.
pub fn with_large_clusters(image: &[u8]) -> io::Result<Vec<u8>> {
    let no_image = || io::Error::other("it is not a BIOS image of the bootloader's");
    let start = number(image, ENTRY).and_then(|sector| sector.checked_mul(SECTOR)).ok_or_else(no_image)?;
    let (before, partition) = image.split_at_checked(start).ok_or_else(no_image)?;
    let laid_out = format(&files(partition)?)?;
    let mut image = before.to_vec();
    let sectors = u32::try_from(laid_out.len() / SECTOR).map_err(io::Error::other)?;
    image.splice(ENTRY + 4..ENTRY + 8, sectors.to_le_bytes());
    image.extend_from_slice(&laid_out);
    Ok(image)
}

/// What is in the partition.
fn files(partition: &[u8]) -> io::Result<Files> {
    let system = FileSystem::new(Cursor::new(partition.to_vec()), FsOptions::new())?;
    let root = system.root_dir();
    let named = root.iter().filter(|entry| !matches!(entry, Ok(entry) if !entry.is_file()));
    named
        .map(|entry| {
            let entry = entry?;
            let mut content = Vec::new();
            entry.to_file().read_to_end(&mut content)?;
            Ok((entry.file_name(), content))
        })
        .collect()
}

/// A partition of just the size for `files`.
fn format(files: &Files) -> io::Result<Vec<u8>> {
    let content: usize = files.iter().map(|(_, content)| content.len().next_multiple_of(CLUSTER)).sum();
    let size = content + OVERHEAD;
    if size > MOST {
        return Err(io::Error::other(format!("{content} bytes are too many for its boot partition")));
    }
    let mut bytes = vec![0; size];
    let options = FormatVolumeOptions::new().fat_type(FatType::Fat12).bytes_per_cluster(CLUSTER as u32);
    fatfs::format_volume(Cursor::new(bytes.as_mut_slice()), options)?;
    let system = FileSystem::new(Cursor::new(bytes.as_mut_slice()), FsOptions::new())?;
    for (name, content) in files {
        system.root_dir().create_file(name)?.write_all(content)?;
    }
    system.unmount()?;
    Ok(bytes)
}

/// The little-endian number of 4 bytes at `at`.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*field)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: usize = 3;

    /// An image as the crate makes it: a partition with small clusters behind three sectors.
    fn image(files: &Files) -> Vec<u8> {
        let mut image = vec![7; START * SECTOR];
        image.splice(ENTRY..ENTRY + 4, (START as u32).to_le_bytes());
        let mut partition = vec![0; 3 << 20];
        fatfs::format_volume(Cursor::new(partition.as_mut_slice()), FormatVolumeOptions::new()).unwrap();
        let system = FileSystem::new(Cursor::new(partition.as_mut_slice()), FsOptions::new()).unwrap();
        for (name, content) in files {
            system.root_dir().create_file(name).unwrap().write_all(content).unwrap();
        }
        drop(system);
        image.extend_from_slice(&partition);
        image
    }

    fn some_files() -> Files {
        let content = |bytes: usize| (0..bytes).map(|at| (at % 251) as u8).collect();
        vec![
            ("boot-stage-3".to_owned(), content(1)),
            ("kernel-x86_64".to_owned(), content(CLUSTER * 5 + 17)),
            ("ramdisk".to_owned(), content(CLUSTER)),
            ("boot.json".to_owned(), Vec::new()),
        ]
    }

    #[test]
    fn files_and_what_stands_before_them_stay_as_they_are() {
        let old = image(&some_files());
        let new = with_large_clusters(&old).unwrap();
        assert_eq!(new[..ENTRY + 4], old[..ENTRY + 4]);
        assert_eq!(new[ENTRY + 8..START * SECTOR], old[ENTRY + 8..START * SECTOR]);
        assert_eq!(files(&new[START * SECTOR..]).unwrap(), some_files());
    }

    #[test]
    fn clusters_are_whole_buffers_and_the_table_tells_the_partitions_size() {
        let new = with_large_clusters(&image(&some_files())).unwrap();
        let system = FileSystem::new(Cursor::new(new[START * SECTOR..].to_vec()), FsOptions::new()).unwrap();
        assert_eq!(system.cluster_size() as usize, CLUSTER);
        assert_eq!(system.fat_type(), FatType::Fat12);
        assert_eq!(number(&new, ENTRY + 4), Some(new.len() / SECTOR - START));
    }

    #[test]
    fn every_cluster_of_a_file_lies_whole_within_the_image() {
        // The second stage reads the last cluster whole, too: a partition that ended in it would not boot.
        let new = with_large_clusters(&image(&some_files())).unwrap();
        let clusters: usize = some_files().iter().map(|(_, content)| content.len().div_ceil(CLUSTER)).sum();
        assert!(new.len() >= START * SECTOR + clusters * CLUSTER);
    }

    #[test]
    fn what_is_no_image_is_refused_and_never_a_panic() {
        let whole = image(&some_files());
        assert!((0..START * SECTOR).step_by(61).all(|end| with_large_clusters(&whole[..end]).is_err()));
        assert!(with_large_clusters(&[0xff; 4096]).is_err());
    }

    #[test]
    fn files_too_large_for_the_format_are_refused() {
        assert!(format(&vec![("kernel-x86_64".to_owned(), vec![0; MOST])]).is_err());
    }
}
