//! What machine a guest gets, and the QEMU command line that says so.
//!
//! Owns: every argument that QEMU is started with. The machine is q35 under TCG with an exit device at
//! port 0xf4, one UART or two, the option string under `opt/tessera/options` in fw_cfg, a standard display
//! adapter (the BIOS boot stages want VESA) and the image as a read-only disk: writes go to a temporary
//! overlay, so that guests may share an image. It starts nothing: [`crate::Session`] does.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::firmware::Firmware;
use crate::session::Resets;

/// How the guest's clock runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Clock {
    /// With the host's clock; virtual CPUs run in parallel.
    Host,
    /// By instructions executed (2 ns each, sleeps are skipped): exact and repeatable, one host thread.
    Counted,
}

/// A machine to be run: an image and the hardware around it.
#[derive(Clone, Debug)]
pub struct Guest {
    image: PathBuf,
    firmware: Firmware,
    cores: u16,
    memory: String,
    options: String,
    port: Option<PathBuf>,
    clock: Clock,
    qemu: PathBuf,
    extra: Vec<OsString>,
}

/// Where one session's sockets and variable store are.
pub(crate) struct Links {
    pub console: PathBuf,
    pub monitor: PathBuf,
    pub variables: PathBuf,
}

impl Guest {
    /// A guest that boots `image` by BIOS with one core, 1 GiB, no options and the host's clock.
    pub fn new(image: impl Into<PathBuf>) -> Self {
        Self {
            image: image.into(),
            firmware: Firmware::Bios,
            cores: 1,
            memory: "1G".to_owned(),
            options: String::new(),
            port: None,
            clock: Clock::Host,
            qemu: PathBuf::from("qemu-system-x86_64"),
            extra: Vec::new(),
        }
    }

    /// The firmware; the image has to be made for it.
    pub fn firmware(mut self, firmware: Firmware) -> Self {
        self.firmware = firmware;
        self
    }

    /// The number of cores, at least 1.
    pub fn cores(mut self, cores: u16) -> Self {
        self.cores = cores.max(1);
        self
    }

    /// The memory in QEMU's notation, such as `512M` or `1G`.
    pub fn memory(mut self, memory: impl Into<String>) -> Self {
        self.memory = memory.into();
        self
    }

    /// The kernel's option string; the kernel reads it from fw_cfg.
    pub fn options(mut self, options: impl Into<String>) -> Self {
        self.options = options.into();
        self
    }

    /// A file as the guest's second serial port, which takes what is written there; none without.
    pub fn port(mut self, file: impl Into<PathBuf>) -> Self {
        self.port = Some(file.into());
        self
    }

    /// How the guest's clock runs.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The QEMU program, otherwise `qemu-system-x86_64` from PATH.
    pub fn qemu(mut self, program: impl Into<PathBuf>) -> Self {
        self.qemu = program.into();
        self
    }

    /// One more argument for QEMU, after all others.
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.extra.push(argument.into());
        self
    }

    pub(crate) fn program(&self) -> &Path {
        &self.qemu
    }

    pub(crate) fn image(&self) -> &Path {
        &self.image
    }

    pub(crate) fn wanted_firmware(&self) -> Firmware {
        self.firmware
    }

    /// QEMU's arguments for this machine, with the sockets in `links`.
    pub(crate) fn arguments(&self, links: &Links, resets: Resets) -> Vec<OsString> {
        let mut line = Line::default();
        line.words("-nodefaults -no-user-config -machine q35 -accel");
        // Under icount the virtual CPUs take turns in one thread; otherwise each has a thread of its own.
        line.word(match self.clock {
            Clock::Host => "tcg,thread=multi",
            Clock::Counted => "tcg,thread=single",
        });
        if self.clock == Clock::Counted {
            line.words("-icount shift=1,sleep=off");
        }
        line.words("-cpu max -display none -vga std -nic none");
        line.word("-smp").word(&self.cores.to_string()).word("-m").word(&self.memory);
        self.firmware.arguments(&links.variables, &mut line);
        line.word("-drive").path("format=raw,snapshot=on,file=", &self.image);
        line.word("-chardev").path("socket,id=console,path=", &links.console);
        line.words("-serial chardev:console");
        if let Some(file) = &self.port {
            line.word("-chardev").path("file,id=port,path=", file).words("-serial chardev:port");
        }
        line.word("-chardev").path("socket,id=monitor,path=", &links.monitor);
        line.words("-mon chardev=monitor,mode=control");
        line.words("-device isa-debug-exit,iobase=0xf4,iosize=0x04");
        if !self.options.is_empty() {
            line.word("-fw_cfg").path("name=opt/tessera/options,string=", Path::new(&self.options));
        }
        if resets == Resets::End {
            line.word("-no-reboot");
        }
        line.0.extend(self.extra.iter().cloned());
        line.0
    }
}

/// A command line that grows a word at a time.
#[derive(Default)]
pub(crate) struct Line(Vec<OsString>);

impl Line {
    /// Adds one argument.
    pub fn word(&mut self, word: &str) -> &mut Self {
        self.0.push(word.into());
        self
    }

    /// Adds several arguments that hold no spaces.
    pub fn words(&mut self, words: &str) -> &mut Self {
        self.0.extend(words.split_whitespace().map(OsString::from));
        self
    }

    /// Adds `prefix` and `value` as one argument, with the commas of `value` doubled as QEMU wants them.
    pub fn path(&mut self, prefix: &str, value: &Path) -> &mut Self {
        let mut word = prefix.as_bytes().to_vec();
        for &byte in value.as_os_str().as_bytes() {
            word.push(byte);
            if byte == b',' {
                word.push(byte);
            }
        }
        self.0.push(OsString::from_vec(word));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(guest: &Guest, resets: Resets) -> String {
        let links = Links { console: "/s/c".into(), monitor: "/s/m".into(), variables: "/s/v".into() };
        let words: Vec<_> =
            guest.arguments(&links, resets).iter().map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    #[test]
    fn machine_is_always_q35_under_tcg() {
        let line = line(&Guest::new("a.img"), Resets::Follow);
        assert!(line.contains("-machine q35 -accel tcg,thread=multi "), "{line}");
        assert!(!line.contains("kvm") && !line.contains("-icount"), "{line}");
    }

    #[test]
    fn cores_memory_and_image_are_passed_on() {
        let line = line(&Guest::new("a.img").cores(4).memory("512M"), Resets::Follow);
        assert!(line.contains("-smp 4 -m 512M "), "{line}");
        assert!(line.contains("-drive format=raw,snapshot=on,file=a.img "), "{line}");
    }

    #[test]
    fn no_cores_becomes_one() {
        assert!(line(&Guest::new("a.img").cores(0), Resets::End).contains("-smp 1 "));
    }

    #[test]
    fn commas_are_doubled() {
        let line = line(&Guest::new("a,b.img").options("x=1,y"), Resets::Follow);
        assert!(line.contains("file=a,,b.img "), "{line}");
        assert!(line.ends_with("-fw_cfg name=opt/tessera/options,string=x=1,,y"), "{line}");
    }

    #[test]
    fn second_port_is_a_file_where_one_is_named() {
        let with = line(&Guest::new("a.img").port("p,q"), Resets::End);
        let ports = "-serial chardev:console -chardev file,id=port,path=p,,q -serial chardev:port ";
        assert!(with.contains(ports), "{with}");
        assert!(!line(&Guest::new("a.img"), Resets::End).contains("id=port"));
    }

    #[test]
    fn counted_clock_runs_in_one_thread() {
        let line = line(&Guest::new("a.img").cores(4).clock(Clock::Counted), Resets::End);
        assert!(line.contains("-accel tcg,thread=single -icount shift=1,sleep=off "), "{line}");
    }

    #[test]
    fn resets_end_the_run_only_where_asked() {
        assert!(line(&Guest::new("a.img"), Resets::End).ends_with(" -no-reboot"));
        assert!(!line(&Guest::new("a.img"), Resets::Follow).contains("-no-reboot"));
    }

    #[test]
    fn uefi_gets_code_and_a_store_of_its_own() {
        let line = line(&Guest::new("a.img").firmware(Firmware::Uefi), Resets::End);
        assert!(line.contains("if=pflash,unit=0,format=raw,readonly=on,file="), "{line}");
        assert!(line.contains("if=pflash,unit=1,format=raw,file=/s/v "), "{line}");
    }

    #[test]
    fn extra_arguments_come_last() {
        let line = line(&Guest::new("a.img").argument("-d").argument("int"), Resets::End);
        assert!(line.ends_with(" -d int"), "{line}");
    }
}
