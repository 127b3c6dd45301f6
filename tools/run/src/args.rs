//! The runner's command line.
//!
//! Owns: its words and their meaning. It touches nothing; `main` does.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tessera_run::{Clock, Firmware, Guest, READY, Resets, Rules};

/// What to type.
pub const USAGE: &str = "\
usage: tessera-run [OPTION…] IMAGE [-- QEMU-ARGUMENT…]
  --smp N              cores (4)
  --mem SIZE           memory in QEMU's notation (1G)
  --firmware bios|uefi what starts the image (bios)
  --options TEXT       the kernel's option string
  --port FILE          the guest's second serial port writes there
  --icount             the guest's clock counts instructions: exact, slower
  --ready TEXT         hold input back until the guest prints TEXT (console ready)
  --limit SECONDS      end the run after that
  --test               a reset by the guest is a failure
  --log FILE           also write the console there
  --qemu PROGRAM       instead of qemu-system-x86_64
Ends with the guest's status: 0 for a power-off, the exit device's code, 121 for an unexpected reset,
122 after an epitaph, 124 at the limit, 125 when QEMU failed, 128+N after signal N. Ctrl-A X leaves.";

/// A command line, understood.
pub struct Order {
    /// The machine.
    pub guest: Guest,
    /// The rules of its run.
    pub rules: Rules,
    /// Where the console is copied to.
    pub log: Option<PathBuf>,
}

/// What is wrong with a command line.
#[derive(Debug, Eq, PartialEq)]
pub enum Mistake {
    /// No such option.
    Unknown(String),
    /// The option wants a value.
    NoValue(&'static str),
    /// The option's value is not of its kind.
    BadValue(&'static str, String),
    /// No image, or two.
    NotOneImage,
}

/// Understands a command line, without the program's name.
///
/// # Errors
/// The first mistake.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Order, Mistake> {
    let mut words = Words(arguments.into_iter());
    let mut images = Vec::new();
    let mut rules = Rules { ready: READY.to_owned(), limit: None, resets: Resets::Follow };
    let mut log = None;
    let mut change: Vec<Box<dyn FnOnce(Guest) -> Guest>> = Vec::new();
    change.push(Box::new(|guest| guest.cores(4)));
    while let Some(word) = words.0.next() {
        match word.as_str() {
            "--ready" => rules.ready = words.value("--ready")?,
            "--limit" => rules.limit = Some(Duration::from_secs(words.number("--limit")?)),
            "--test" => rules.resets = Resets::End,
            "--log" => log = Some(words.value("--log")?.into()),
            "--" => {
                let rest: Vec<String> = words.0.by_ref().collect();
                change.push(Box::new(|guest| rest.into_iter().fold(guest, Guest::argument)));
            }
            option if option.starts_with('-') => change.push(words.machine(option)?),
            _ => images.push(word),
        }
    }
    let Ok([image]) = <[String; 1]>::try_from(images) else { return Err(Mistake::NotOneImage) };
    let guest = change.into_iter().fold(Guest::new(image), |guest, step| step(guest));
    Ok(Order { guest, rules, log })
}

type Step = Box<dyn FnOnce(Guest) -> Guest>;

/// The words that are still to be read.
struct Words<I>(I);

impl<I: Iterator<Item = String>> Words<I> {
    fn value(&mut self, option: &'static str) -> Result<String, Mistake> {
        self.0.next().ok_or(Mistake::NoValue(option))
    }

    fn number<N: std::str::FromStr>(&mut self, option: &'static str) -> Result<N, Mistake> {
        let value = self.value(option)?;
        value.parse().map_err(|_error| Mistake::BadValue(option, value))
    }

    /// The options that describe the machine.
    fn machine(&mut self, option: &str) -> Result<Step, Mistake> {
        Ok(match option {
            "--smp" => {
                let cores = self.number("--smp")?;
                Box::new(move |guest| guest.cores(cores))
            }
            "--mem" => {
                let memory = self.value("--mem")?;
                Box::new(move |guest| guest.memory(memory))
            }
            "--options" => {
                let options = self.value("--options")?;
                Box::new(move |guest| guest.options(options))
            }
            "--port" => {
                let file = self.value("--port")?;
                Box::new(move |guest| guest.port(file))
            }
            "--qemu" => {
                let program = self.value("--qemu")?;
                Box::new(move |guest| guest.qemu(program))
            }
            "--firmware" => {
                let firmware = match self.value("--firmware")?.as_str() {
                    "bios" => Firmware::Bios,
                    "uefi" => Firmware::Uefi,
                    other => return Err(Mistake::BadValue("--firmware", other.to_owned())),
                };
                Box::new(move |guest| guest.firmware(firmware))
            }
            "--icount" => Box::new(|guest| guest.clock(Clock::Counted)),
            other => return Err(Mistake::Unknown(other.to_owned())),
        })
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(option) => write!(f, "unknown option {option}"),
            Self::NoValue(option) => write!(f, "{option} wants a value"),
            Self::BadValue(option, value) => write!(f, "{option} cannot be {value}"),
            Self::NotOneImage => f.write_str("exactly one image, please"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Order, Mistake> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn mistake(line: &str) -> Mistake {
        parsed(line).map(|_order| ()).expect_err("a mistake")
    }

    #[test]
    fn image_alone_gets_the_defaults() {
        let order = parsed("a.img").unwrap();
        assert_eq!((order.rules.limit, order.rules.resets, order.log), (None, Resets::Follow, None));
        assert_eq!(order.rules.ready, READY);
    }

    #[test]
    fn rules_are_taken_over() {
        let order = parsed("--limit 7 --test --ready x --log l a.img").unwrap();
        assert_eq!((order.rules.limit, order.rules.resets), (Some(Duration::from_secs(7)), Resets::End));
        assert_eq!((order.rules.ready.as_str(), order.log), ("x", Some("l".into())));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(mistake("--smp four a.img"), Mistake::BadValue("--smp", "four".to_owned()));
        assert_eq!(
            mistake("--firmware coreboot a.img"),
            Mistake::BadValue("--firmware", "coreboot".to_owned())
        );
        assert_eq!(mistake("a.img --limit"), Mistake::NoValue("--limit"));
        assert_eq!(mistake("--kvm a.img"), Mistake::Unknown("--kvm".to_owned()));
        assert_eq!(mistake("a.img b.img"), Mistake::NotOneImage);
        assert_eq!(mistake(""), Mistake::NotOneImage);
    }

    #[test]
    fn machine_options_and_qemus_own_are_taken() {
        let line =
            "--smp 2 --mem 256M --firmware uefi --options a --icount --port p --qemu q a.img -- -d int";
        assert!(parsed(line).is_ok());
    }
}
