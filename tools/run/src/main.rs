//! `tessera-run`: a guest whose console is this terminal, or this pipe.
//!
//! Owns: standard input and output, signals, the log file. The session itself is the library's.
//! Invariants: whatever ends us short of SIGKILL, QEMU is dead and the terminal as it was before we are;
//! the status is the guest's. Standard input's end does not end the session.

mod args;
mod terminal;

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::{env, thread};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use tessera_run::{Input, Outcome, Report, Stop, Stopper};

use crate::args::Order;
use crate::terminal::RawTerminal;

/// The status of a command line that cannot be understood, as by the shells' custom.
const USAGE_STATUS: u8 = 2;
/// The status when QEMU could not be run at all, or the log could not be written.
const BROKEN_STATUS: u8 = 125;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|word| word == "--help") {
        println!("{}", args::USAGE);
        return ExitCode::SUCCESS;
    }
    match args::parse(arguments) {
        Ok(order) => run(order),
        Err(mistake) => {
            eprintln!("tessera-run: {mistake}\n{}", args::USAGE);
            ExitCode::from(USAGE_STATUS)
        }
    }
}

fn run(order: Order) -> ExitCode {
    let log = match order.log.as_ref().map(File::create).transpose() {
        Ok(log) => log,
        Err(error) => return complain(&format!("cannot write the log: {error}"), BROKEN_STATUS),
    };
    // Caught from before QEMU starts, so that there is no moment in which a signal would orphan it.
    let signals = match Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]) {
        Ok(signals) => signals,
        Err(error) => return complain(&format!("cannot catch signals: {error}"), BROKEN_STATUS),
    };
    let input = if io::stdin().is_terminal() {
        Input::Terminal(Box::new(io::stdin()))
    } else {
        Input::Pipe(Box::new(io::stdin()))
    };
    let raw = RawTerminal::enter();
    let report = order.guest.start(input, order.rules).map(|session| {
        forward_signals(signals, session.stopper());
        session.finish(sink(log))
    });
    drop(raw);
    match report {
        Ok(report) => conclude(&report),
        Err(error) => complain(&error.to_string(), BROKEN_STATUS),
    }
}

/// Writes what the guest prints to standard output, at once, and to the log.
fn sink(mut log: Option<File>) -> impl FnMut(&[u8]) -> io::Result<()> {
    let mut output = io::stdout();
    move |bytes| {
        output.write_all(bytes)?;
        output.flush()?;
        log.as_mut().map_or(Ok(()), |log| log.write_all(bytes))
    }
}

fn forward_signals(mut signals: Signals, stopper: Stopper) {
    thread::spawn(move || {
        for number in &mut signals {
            stopper.stop(Stop::Signal(number));
        }
    });
}

/// Says on standard error what was not simply a good end.
fn conclude(report: &Report) -> ExitCode {
    if let Some(epitaph) = &report.epitaph {
        eprintln!("tessera-run: the kernel died:\n{epitaph}");
    }
    match &report.outcome {
        Outcome::PoweredOff | Outcome::Quit | Outcome::Exited(0) => {}
        outcome => eprintln!("tessera-run: {outcome}"),
    }
    ExitCode::from(report.status())
}

fn complain(words: &str, status: u8) -> ExitCode {
    eprintln!("tessera-run: {words}");
    ExitCode::from(status)
}
