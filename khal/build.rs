//! Lets every bare binary find the linker script that the target names.
//!
//! The target's JSON says `-Ttessera.ld`; the linker looks for it in the search
//! path, which cargo passes from this package to whoever depends on it. It does
//! nothing else, and nothing at all for the host.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=src/x86_64/tessera.ld");
    let bare = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none");
    if let (true, Ok(root)) = (bare, env::var("CARGO_MANIFEST_DIR")) {
        println!("cargo::rustc-link-search={root}/src/x86_64");
    }
}
