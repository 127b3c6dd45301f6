//! A stand-in for QEMU, for the runner's tests: it connects the sockets that a command line names and
//! plays the guest that the option string describes, word by word.
//!
//! Words: `fail` (complain and end with 1, unconnected), `pid`, `say:TEXT` (`_` is a space), `ready`,
//! `early` (says `early N` with how many bytes of input came within 200 ms), `line` (waits for a line of
//! input, says it), `echo` (echoes input until a 0x04), `reset` and `end-by-reset` (the monitor's events),
//! `exit:N` (exit device), `off` (power-off), `hang`.
//! It knows nothing of the runner: whatever is wrong there shows as output that a test does not expect.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::thread;
use std::time::Duration;

const RESET: &str = r#"{"event": "RESET", "data": {"guest": true, "reason": "guest-reset"}}"#;
const END: &str = r#"{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}"#;

type Outcome = Result<(), Box<dyn std::error::Error>>;

struct Guest {
    console: UnixStream,
    input: BufReader<UnixStream>,
    monitor: UnixStream,
}

fn main() -> Outcome {
    let words: Vec<String> = env::args().collect();
    let value = |key: &str| words.iter().find_map(|word| word.split_once(key)).map(|(_, value)| value);
    let script = value("string=").unwrap_or("off").to_owned();
    if script == "fail" {
        eprintln!("qemu: no such machine");
        exit(1);
    }
    let console = UnixStream::connect(value("id=console,path=").ok_or("no console")?)?;
    let mut monitor = UnixStream::connect(value("id=monitor,path=").ok_or("no monitor")?)?;
    monitor.write_all(b"{\"QMP\": {}}\n")?;
    // Events come only after the client has answered the greeting; so do the guest's first words here.
    BufReader::new(monitor.try_clone()?).read_line(&mut String::new())?;
    let mut guest = Guest { input: BufReader::new(console.try_clone()?), console, monitor };
    script.split_whitespace().try_for_each(|word| guest.play(word))
}

impl Guest {
    fn play(&mut self, word: &str) -> Outcome {
        let (verb, value) = word.split_once(':').unwrap_or((word, ""));
        match verb {
            "pid" => self.say(&format!("pid {}", std::process::id())),
            "say" => self.say(&value.replace('_', " ")),
            "ready" => self.say("console ready"),
            "early" => self.count_early(),
            "line" => self.answer_line(),
            "echo" => self.echo(),
            // Firmware takes its time before the console says anything again.
            "reset" => {
                writeln!(self.monitor, "{RESET}")?;
                thread::sleep(Duration::from_millis(100));
                Ok(())
            }
            "end-by-reset" => Ok(writeln!(self.monitor, "{END}")?),
            "exit" => exit(value.parse::<i32>()? << 1 | 1),
            "off" => exit(0),
            "hang" => loop {
                thread::park();
            },
            other => Err(format!("no such word: {other}").into()),
        }
    }

    fn say(&mut self, text: &str) -> Outcome {
        Ok(self.console.write_all(format!("{text}\r\n").as_bytes())?)
    }

    fn count_early(&mut self) -> Outcome {
        self.console.set_read_timeout(Some(Duration::from_millis(200)))?;
        let count = self.input.fill_buf().map_or(0, <[u8]>::len);
        self.console.set_read_timeout(None)?;
        self.say(&format!("early {count}"))
    }

    fn answer_line(&mut self) -> Outcome {
        let mut line = String::new();
        self.input.read_line(&mut line)?;
        self.say(&format!("line {}", line.trim()))
    }

    /// Takes a UART's FIFO at a time.
    fn echo(&mut self) -> Outcome {
        let mut fifo = [0; 16];
        loop {
            let length = self.input.read(&mut fifo)?;
            let bytes = fifo.get(..length).unwrap_or_default();
            self.console.write_all(bytes)?;
            if bytes.is_empty() || bytes.contains(&0x04) {
                return Ok(());
            }
        }
    }
}
