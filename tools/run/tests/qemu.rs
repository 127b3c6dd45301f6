//! The runner with the real QEMU, and a guest of one boot sector: what the stand-in cannot show.
//!
//! The guest sets up its UART (which clears the FIFO, like any kernel's), says `console ready`, and echoes
//! what it reads by polling. Ctrl-P powers off by ACPI, Ctrl-R resets, Ctrl-D exits with 5.

#![expect(clippy::unwrap_used, reason = "the helpers of these tests may fail them")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tessera_run::{Clock, Guest, Input, Outcome, Report, Resets, Rules};

/// A sector takes a second to boot; only a hang, or a very busy machine, takes this long.
const LIMIT: Duration = Duration::from_secs(120);

/// Loaded at 0x7c00 in real mode. The far end is data: port and value for the UART's set-up, the text.
#[rustfmt::skip]
const SECTOR: &[u8] = &[
    0xfa, // cli
    0x31, 0xc0, // xor ax,ax
    0x8e, 0xd8, // mov ax,ds
    0x8e, 0xd0, // mov ax,ss
    0xbc, 0x00, 0x7c, // mov 0x7c00,sp
    0xbe, 0x6b, 0x7c, // mov 0x7c6b,si
    0xac, // set_up: lods ds:(si),al
    0x84, 0xc0, // test al,al
    0x74, 0x08, // je say
    0x88, 0xc2, // mov al,dl
    0xb6, 0x03, // mov 0x3,dh
    0xac, // lods ds:(si),al
    0xee, // out al,(dx)
    0xeb, 0xf3, // jmp set_up
    0xbe, 0x78, 0x7c, // say: mov 0x7c78,si
    0xac, // announce: lods ds:(si),al
    0x84, 0xc0, // test al,al
    0x74, 0x05, // je next
    0xe8, 0x36, 0x00, // call put
    0xeb, 0xf6, // jmp announce
    0xba, 0xfd, 0x03, // next: mov 0x3fd,dx
    0xec, // poll: in (dx),al
    0xa8, 0x01, // test 0x1,al
    0x74, 0xfb, // je poll
    0xb2, 0xf8, // mov 0xf8,dl
    0xec, // in (dx),al
    0x3c, 0x10, // cmp 0x10,al
    0x74, 0x16, // je off
    0x3c, 0x12, // cmp 0x12,al
    0x74, 0x1a, // je reset
    0xe8, 0x1e, 0x00, // call put
    0x3c, 0x04, // cmp 0x4,al
    0x75, 0xe6, // jne next
    0xba, 0xf4, 0x00, // mov 0xf4,dx
    0x66, 0xb8, 0x05, 0x00, 0x00, 0x00, // mov 0x5,eax
    0x66, 0xef, // out eax,(dx)
    0xba, 0x04, 0x06, // off: mov 0x604,dx
    0xb8, 0x00, 0x20, // mov 0x2000,ax
    0xef, // out ax,(dx)
    0xf4, // hlt
    0xba, 0xf9, 0x0c, // reset: mov 0xcf9,dx
    0xb0, 0x06, // mov 0x6,al
    0xee, // out al,(dx)
    0xf4, // hlt
    0x88, 0xc4, // put: mov al,ah
    0xba, 0xfd, 0x03, // mov 0x3fd,dx
    0xec, // wait: in (dx),al
    0xa8, 0x20, // test 0x20,al
    0x74, 0xfb, // je wait
    0xb2, 0xf8, // mov 0xf8,dl
    0x88, 0xe0, // mov ah,al
    0xee, // out al,(dx)
    0xc3, // ret
    // Divisor 1, 8N1, FIFO on and cleared, DTR and RTS.
    0xfb, 0x80, 0xf8, 1, 0xf9, 0, 0xfb, 3, 0xfa, 7, 0xfc, 3, 0,
];
const TEXT: &[u8] = b"console ready\r\n\0";

fn image(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut sector = [SECTOR, TEXT].concat();
    sector.resize(510, 0);
    sector.extend([0x55, 0xaa]);
    fs::write(&path, sector).unwrap();
    // SeaBIOS does not read from a disk of a single sector.
    File::options().write(true).open(&path).unwrap().set_len(1 << 20).unwrap();
    path
}

fn ran(name: &str, input: &[u8]) -> Report {
    Guest::new(image(name)).memory("64M").run(input, LIMIT).unwrap()
}

#[test]
fn hundred_kilobytes_piped_arrive_whole() {
    let mut input: Vec<u8> = (0..100_000_u32).map(|n| b' ' + u8::try_from(n % 89).unwrap()).collect();
    input.push(0x04);
    let report = ran("whole.img", &input);
    assert_eq!(report.outcome, Outcome::Exited(5));
    let echoed = report.console.split_once("console ready\r\n").unwrap().1;
    assert!(echoed.as_bytes() == input, "{} of {} bytes came back", echoed.len(), input.len());
}

#[test]
fn power_off_and_triple_fault_are_told_apart() {
    assert_eq!(ran("off.img", b"\x10").outcome, Outcome::PoweredOff);
    assert_eq!(ran("reset.img", b"\x12").outcome, Outcome::Reset);
}

#[test]
fn reboot_is_followed_where_it_may_be() {
    // A key a boot, typed when that boot says that it is ready.
    let rules = Rules { resets: Resets::Follow, ..Rules::of_test(LIMIT) };
    let (input, mut typing) = std::os::unix::net::UnixStream::pair().unwrap();
    let guest = Guest::new(image("reboot.img")).memory("64M");
    let (mut seen, mut boots) = (String::new(), 0);
    let report = guest.start(Input::Pipe(Box::new(input)), rules).unwrap().finish(|bytes| {
        seen.push_str(&String::from_utf8_lossy(bytes));
        let now = seen.matches("console ready\r\n").count();
        if now == std::mem::replace(&mut boots, now) {
            return Ok(());
        }
        let key = if now == 1 { b"\x12" } else { b"\x10" };
        std::io::Write::write_all(&mut typing, key)
    });
    assert_eq!((report.outcome, report.resets), (Outcome::PoweredOff, 1), "{}", report.console);
}

#[test]
fn counted_clock_boots_with_several_cores() {
    let guest = Guest::new(image("icount.img")).memory("64M").cores(4).clock(Clock::Counted);
    assert_eq!(guest.run(b"\x04", LIMIT).unwrap().outcome, Outcome::Exited(5));
}
