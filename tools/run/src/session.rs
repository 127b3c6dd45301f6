//! One guest, from QEMU's start to its report.
//!
//! Owns: the rules of a run (what counts as ready, the time limit, what a reset means) and the loop that
//! applies them. Threads read the console, the monitor and the input; all they learn comes to this loop
//! over one bounded channel, so state is changed in one place and a slow reader of our output slows the
//! guest instead of filling memory. Nothing here is timed except the limits.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use std::{io, thread};

use crate::gate::{Gate, Input};
use crate::guest::Guest;
use crate::launch::Machine;
use crate::monitor::{self, News};
use crate::outcome::{Outcome, Report, StartError};
use crate::watch::{READY, Watch};

/// How long a kernel may take over its epitaph, and QEMU over its own end.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// SeaBIOS resets twice more after a reset, before it starts anything; beyond a few rounds it is a loop.
const RESETS_UNREADY: u32 = 8;
const PENDING_EVENTS: usize = 64;
const CHUNK_BYTES: usize = 16 * 1024;
/// A report keeps this much of the console: a person's session may go on for days.
const KEPT_BYTES: usize = 16 << 20;

/// What a reset by the guest means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Resets {
    /// The run ends there: tests reset only by a triple fault.
    End,
    /// The guest may start anew; one that resets again and again before its console is ready has a fault.
    Follow,
}

/// The rules of a run.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The text that opens the way for input; empty: at once.
    pub ready: String,
    /// The longest run; `None`: no limit.
    pub limit: Option<Duration>,
    /// What a reset means.
    pub resets: Resets,
}

/// Why a run is ended from outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stop {
    /// Somebody at the terminal wants to leave.
    Quit,
    /// This process got the signal with this number.
    Signal(i32),
}

/// Ends a session from another thread.
#[derive(Clone)]
pub struct Stopper(SyncSender<Event>);

/// A running guest.
pub struct Session {
    machine: Machine,
    events: Receiver<Event>,
    stopper: Stopper,
    gate: Gate,
    rules: Rules,
    started: Instant,
}

enum Event {
    Output(Vec<u8>),
    ConsoleClosed,
    News(News),
    MonitorClosed,
    Stop(Stop),
}

/// What the loop has learnt.
struct Progress {
    watch: Watch,
    console: Vec<u8>,
    deadline: Option<Instant>,
    open_ends: u8,
    reset: bool,
    resets: u32,
    resets_unready: u32,
    ready_after: Option<Duration>,
}

impl Rules {
    /// The rules of a test: the kernel's ready text, a limit, and a reset is the end.
    pub fn of_test(limit: Duration) -> Self {
        Self { ready: READY.to_owned(), limit: Some(limit), resets: Resets::End }
    }
}

impl Stopper {
    /// Ends the session; does nothing when it has ended.
    pub fn stop(&self, stop: Stop) {
        // The receiver is gone when the session is.
        let _ = self.0.send(Event::Stop(stop));
    }
}

impl Guest {
    /// Runs the guest to its end, as a test does: `input` once it is ready, at most `limit`, no resets.
    ///
    /// # Errors
    /// See [`StartError`]. What happens after the start is in the report.
    pub fn run(&self, input: &[u8], limit: Duration) -> Result<Report, StartError> {
        let session = self.start(Input::Bytes(input.to_vec()), Rules::of_test(limit))?;
        Ok(session.finish(|_bytes| Ok(())))
    }

    /// Starts the guest.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(&self, input: Input, rules: Rules) -> Result<Session, StartError> {
        let started = Instant::now();
        let machine = Machine::start(self, rules.resets)?;
        let (sender, events) = sync_channel(PENDING_EVENTS);
        let stopper = Stopper(sender.clone());
        let gate = Gate::default();
        let clone = |stream: &UnixStream| stream.try_clone().map_err(StartError::Scratch);
        let (output, monitor) = (clone(&machine.console)?, clone(&machine.monitor)?);
        let console_events = sender.clone();
        thread::spawn(move || read_console(output, &console_events));
        thread::spawn(move || read_monitor(monitor, &sender));
        input.forward(gate.clone(), clone(&machine.console)?, stopper.clone());
        Ok(Session { machine, events, stopper, gate, rules, started })
    }
}

impl Session {
    /// Something that can end this session from another thread.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// QEMU's process id.
    pub fn process(&self) -> u32 {
        self.machine.child.id()
    }

    /// Waits for the end and reports; every byte that the guest prints goes to `sink` first.
    /// A sink that fails ends the session as SIGPIPE would.
    pub fn finish(mut self, mut sink: impl FnMut(&[u8]) -> io::Result<()>) -> Report {
        let mut progress = Progress::new(&self.rules, self.started);
        self.gate.set_open(progress.watch.is_ready());
        let cut_short = loop {
            match self.next_event(progress.deadline) {
                Some(event) => {
                    if let Some(outcome) = self.take(event, &mut progress, &mut sink) {
                        break Some(outcome);
                    }
                }
                None if progress.watch.is_dead() => break Some(Outcome::Epitaph),
                None => break Some(Outcome::TimedOut),
            }
            if progress.open_ends == 0 {
                break None;
            }
        };
        if cut_short.is_some() {
            self.machine.kill();
            self.drain(&mut progress, &mut sink);
        }
        self.report(cut_short, progress)
    }

    /// Takes what the guest had printed before it was killed; its two sockets end very soon.
    fn drain(&self, progress: &mut Progress, sink: &mut impl FnMut(&[u8]) -> io::Result<()>) {
        let limit = Some(Instant::now() + LAST_WORDS);
        while progress.open_ends > 0 {
            match self.next_event(limit) {
                // How it ends is decided already: a second outcome changes nothing.
                Some(event) => drop(self.take(event, progress, sink)),
                None => return,
            }
        }
    }

    /// The next event, or `None` at the deadline.
    fn next_event(&self, deadline: Option<Instant>) -> Option<Event> {
        match deadline {
            None => self.events.recv().ok(),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                // The session holds a sender itself, so the channel never closes.
                self.events.recv_timeout(left).ok()
            }
        }
    }

    /// Applies one event; an outcome ends the run.
    fn take(
        &self,
        event: Event,
        progress: &mut Progress,
        sink: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Option<Outcome> {
        match event {
            Event::Output(bytes) => {
                progress.take_output(&bytes, self.started);
                self.gate.set_open(progress.watch.is_ready());
                return sink(&bytes).is_err().then_some(Outcome::Signalled(13));
            }
            Event::ConsoleClosed | Event::MonitorClosed => progress.open_ends -= 1,
            Event::News(News::EndsByReset) => progress.reset = true,
            Event::News(News::Restarted) if self.rules.resets == Resets::End => {}
            Event::News(News::Restarted) => {
                let is_loop = progress.take_restart();
                self.gate.set_open(progress.watch.is_ready());
                return is_loop.then_some(Outcome::Reset);
            }
            Event::Stop(Stop::Quit) => return Some(Outcome::Quit),
            Event::Stop(Stop::Signal(number)) => return Some(Outcome::Signalled(number)),
        }
        None
    }

    fn report(mut self, cut_short: Option<Outcome>, progress: Progress) -> Report {
        let outcome = match cut_short {
            Some(outcome) => outcome,
            None => self.outcome_of_end(&progress),
        };
        // A writer that still waits at the gate now finds the console closed, and ends.
        self.gate.set_open(true);
        Report {
            outcome,
            epitaph: progress.watch.into_epitaph(),
            console: String::from_utf8_lossy(&progress.console).into_owned(),
            resets: progress.resets,
            elapsed: self.started.elapsed(),
            ready_after: progress.ready_after,
        }
    }

    /// Both sockets are closed, so QEMU is ending; but trust is good and a limit is better.
    fn outcome_of_end(&mut self, progress: &Progress) -> Outcome {
        let limit = Instant::now() + LAST_WORDS;
        while Instant::now() < limit && matches!(self.machine.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(1));
        }
        self.machine.kill();
        let complaint = self.machine.complaint();
        match self.machine.child.wait() {
            Ok(status) => Outcome::of_qemu(status, progress.reset, !progress.console.is_empty(), &complaint),
            Err(error) => Outcome::Broken(error.to_string()),
        }
    }
}

impl Progress {
    fn new(rules: &Rules, started: Instant) -> Self {
        Self {
            watch: Watch::new(&rules.ready),
            console: Vec::new(),
            deadline: rules.limit.map(|limit| started + limit),
            open_ends: 2,
            reset: false,
            resets: 0,
            resets_unready: 0,
            ready_after: None,
        }
    }

    /// The guest starts anew; says whether it has done that too often without getting ready.
    fn take_restart(&mut self) -> bool {
        if self.watch.is_ready() {
            self.resets += 1;
            self.resets_unready = 0;
        }
        self.resets_unready += 1;
        self.watch.restart();
        self.resets_unready > RESETS_UNREADY
    }

    fn take_output(&mut self, bytes: &[u8], started: Instant) {
        let was_dead = self.watch.is_dead();
        self.watch.feed(bytes);
        let room = KEPT_BYTES.saturating_sub(self.console.len());
        self.console.extend(bytes.iter().take(room));
        if self.watch.is_ready() && self.ready_after.is_none() {
            self.ready_after = Some(started.elapsed());
        }
        if self.watch.is_dead() && !was_dead {
            let last = Instant::now() + LAST_WORDS;
            self.deadline = Some(self.deadline.map_or(last, |deadline| deadline.min(last)));
        }
    }
}

fn read_console(mut console: UnixStream, events: &SyncSender<Event>) {
    let mut buffer = vec![0; CHUNK_BYTES];
    while let Ok(length @ 1..) = console.read(&mut buffer) {
        let bytes = buffer.get(..length).unwrap_or_default().to_vec();
        if events.send(Event::Output(bytes)).is_err() {
            return;
        }
    }
    let _ = events.send(Event::ConsoleClosed);
}

fn read_monitor(stream: UnixStream, events: &SyncSender<Event>) {
    monitor::listen(stream, |news| {
        let _ = events.send(Event::News(news));
    });
    let _ = events.send(Event::MonitorClosed);
}
