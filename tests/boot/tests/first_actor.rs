//! The machine ends with its first actor, whose exit code is the machine's status, on whichever core that
//! actor ran last. Shown by the hosted kernel (its program is in TESSERA_HOSTED), which is the same program.

#![expect(clippy::panic, clippy::unwrap_used, reason = "the helpers of these tests may fail them")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tessera_boot_tests::{CORES, LIMIT};
use tessera_pack::{Memory, pack};

/// An image whose only actor, the first, runs one of the test modules.
fn image_of(module: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../modules/{module}.wat"));
    let mut inputs = Memory::default();
    inputs.modules.insert(module.to_owned(), wat::parse_file(source).unwrap());
    let manifest = format!("[[actor]]\nname = \"{module}\"\nmemory_kib = 64\n");
    let image = pack("system.toml", &manifest, &inputs).unwrap_or_else(|wrong| {
        panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{module}.img"));
    std::fs::write(&path, image).unwrap();
    path
}

/// What the hosted kernel does with the image; `timeout` ends it, should it hang.
fn hosted(image: &Path, cores: u16) -> Output {
    let program = std::env::var("TESSERA_HOSTED").unwrap_or_else(|_| panic!("TESSERA_HOSTED is not set"));
    Command::new("timeout")
        .args([&LIMIT.as_secs().to_string(), &program, &format!("cores={cores}")])
        .arg(format!("ramdisk={}", image.display()))
        .output()
        .unwrap()
}

#[test]
fn its_exit_code_is_the_machine_s_status_on_any_core() {
    let image = image_of("exit_seven");
    for cores in CORES {
        for _ in 0..20 {
            let output = hosted(&image, cores);
            assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stdout));
        }
    }
}

#[test]
fn its_fault_is_a_failure_that_says_why() {
    let output = hosted(&image_of("trap_unreachable"), 2);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("the first actor ended: unreachable"), "{said}");
}

#[test]
fn a_ramdisk_that_is_none_is_refused_with_a_reason() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no.img");
    std::fs::write(&path, b"not an image at all").unwrap();
    let output = hosted(&path, 1);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("tessera cannot start: the ramdisk is no image"), "{said}");
}
