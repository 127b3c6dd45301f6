//! What `cargo metadata` says about who depends on whom.
//!
//! Owns: the reading of that JSON (format version 1). It takes declared dependencies, not resolved ones:
//! they are what a person wrote, whatever features and targets are on. Anything that is not as expected
//! makes the whole an error, as a check that silently sees nothing passes everything.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::deps::{Edge, Target};

/// Asks cargo (the one in the environment variable CARGO, if any) for the workspace's edges.
///
/// # Errors
/// What cargo said, or what is missing in its answer.
pub fn edges_of_workspace() -> Result<Vec<Edge>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Reads the answer of `cargo metadata --no-deps`.
///
/// # Errors
/// What is missing in it.
pub fn parse(json: &str) -> Result<Vec<Edge>, String> {
    let whole: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let root = Path::new(text(&whole, "workspace_root")?);
    let mut edges = Vec::new();
    for package in list(&whole, "packages")? {
        let manifest = Path::new(text(package, "manifest_path")?);
        let from = folder(root, manifest.parent().unwrap_or(root))?;
        for dependency in list(package, "dependencies")? {
            let to = match dependency.get("path").and_then(Value::as_str) {
                Some(path) => Target::Ours(folder(root, Path::new(path))?),
                None => Target::Theirs(text(dependency, "name")?.to_owned()),
            };
            edges.push(Edge { from: from.clone(), to });
        }
    }
    if edges.is_empty() {
        return Err("cargo metadata names no dependency at all".to_owned());
    }
    Ok(edges)
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str, String> {
    value.get(key).and_then(Value::as_str).ok_or_else(|| format!("cargo metadata has no {key}"))
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], String> {
    let found = value.get(key).and_then(Value::as_array);
    found.map(Vec::as_slice).ok_or_else(|| format!("cargo metadata has no {key}"))
}

fn folder(root: &Path, path: &Path) -> Result<String, String> {
    let inside =
        path.strip_prefix(root).map_err(|_error| format!("{} is outside the workspace", path.display()))?;
    Ok(inside.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{"workspace_root": "/r", "packages": [
        {"manifest_path": "/r/kernel/core/Cargo.toml", "dependencies": [
            {"name": "tessera-abi", "path": "/r/kernel/abi"}, {"name": "spin", "path": null}]}]}"#;

    #[test]
    fn edges_are_read_by_folder_and_by_name() {
        let from = || "kernel/core".to_owned();
        let ours = Edge { from: from(), to: Target::Ours("kernel/abi".to_owned()) };
        let theirs = Edge { from: from(), to: Target::Theirs("spin".to_owned()) };
        assert_eq!(parse(SAMPLE), Ok(vec![ours, theirs]));
    }

    #[test]
    fn answer_without_edges_is_an_error() {
        assert!(parse(r#"{"workspace_root": "/r", "packages": []}"#).is_err());
        assert!(parse(r#"{"workspace_root": "/r"}"#).is_err());
        assert!(parse("no json").is_err());
    }

    #[test]
    fn crate_outside_the_workspace_is_an_error() {
        assert!(parse(&SAMPLE.replace("/r/kernel/abi", "/elsewhere")).is_err());
    }
}
