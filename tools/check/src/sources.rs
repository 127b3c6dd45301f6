//! Every Rust file of the project: that it opens with a header, and how long it is.
//!
//! Owns: the walk over the tree (it skips what is built and what is hidden) and the two limits of STYLE
//! point 13. Lengths count every line: a reader reads comments and tests, too.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Finding;

/// Beyond this a file is asked why.
const ASK_LINES: usize = 350;
/// Beyond this a file fails.
const LIMIT_LINES: usize = 500;
const SKIPPED: [&str; 2] = ["target", "build"];

/// A file and what is in it.
pub struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// All Rust files below `root`, in order of their paths.
///
/// # Errors
/// The first folder or file that cannot be read.
pub fn read_all(root: &Path) -> io::Result<Vec<Source>> {
    let mut paths = Vec::new();
    walk(root, &mut paths)?;
    let mut sources = Vec::with_capacity(paths.len());
    for path in paths {
        let inside = path.strip_prefix(root).unwrap_or(&path);
        sources
            .push(Source { path: inside.to_string_lossy().into_owned(), text: fs::read_to_string(&path)? });
    }
    sources.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(sources)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&name.as_ref()) {
                walk(&path, paths)?;
            }
        } else if name.ends_with(".rs") {
            paths.push(path);
        }
    }
    Ok(())
}

/// Files that do not open with `//!`.
pub fn headers(sources: &[Source]) -> Vec<Finding> {
    let bare = sources.iter().filter(|source| !source.text.starts_with("//! "));
    bare.map(|source| Finding::error(&source.path, "does not open with a //! header")).collect()
}

/// Files that are longer than the house likes.
pub fn sizes(sources: &[Source]) -> Vec<Finding> {
    sources.iter().filter_map(size).collect()
}

fn size(source: &Source) -> Option<Finding> {
    let lines = source.text.lines().count();
    if lines > LIMIT_LINES {
        return Some(Finding::error(&source.path, format!("{lines} lines; the limit is {LIMIT_LINES}")));
    }
    let why = || Finding::warning(&source.path, format!("{lines} lines; why past {ASK_LINES}?"));
    (lines > ASK_LINES).then(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Weight;

    fn source(text: impl Into<String>) -> Source {
        Source { path: "a.rs".to_owned(), text: text.into() }
    }

    #[test]
    fn header_has_to_come_first() {
        assert!(headers(&[source("//! Owns nothing.\n")]).is_empty());
        for bare in ["", "use std::fs;\n", "// A comment.\n//! Late.\n", "\n//! Late.\n"] {
            assert_eq!(headers(&[source(bare)]).len(), 1, "{bare:?}");
        }
    }

    #[test]
    fn lengths_are_asked_about_and_then_refused() {
        let weigh =
            |lines: usize| sizes(&[source("x\n".repeat(lines))]).first().map(|finding| finding.weight);
        assert_eq!([weigh(350), weigh(351)], [None, Some(Weight::Warning)]);
        assert_eq!([weigh(500), weigh(501)], [Some(Weight::Warning), Some(Weight::Error)]);
    }
}
