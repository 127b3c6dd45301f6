//! Starts QEMU and connects its two sockets.
//!
//! Owns: the child process, until [`Machine`] is dropped: then it is killed, by its id, and reaped.
//! We listen and QEMU connects, so there is no moment at which a socket may or may not be there yet.
//! QEMU gets a process group of its own: Ctrl-C at a terminal is for the runner, which ends QEMU itself.
//! Where `setpriv` exists, QEMU also dies with the thread that started it, however that dies.

use std::io::Read;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{env, io};

use crate::guest::{Guest, Links};
use crate::outcome::StartError;
use crate::scratch::Scratch;
use crate::session::Resets;

/// QEMU connects within some milliseconds; a loaded machine gets the benefit of the doubt.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);
const CONNECT_STEP: Duration = Duration::from_millis(2);

/// A QEMU that runs, and the ways to talk to it.
pub(crate) struct Machine {
    pub child: Child,
    pub console: UnixStream,
    pub monitor: UnixStream,
    complaint: Option<JoinHandle<String>>,
    _scratch: Scratch,
}

impl Machine {
    /// Starts `guest`.
    pub fn start(guest: &Guest, resets: Resets) -> Result<Self, StartError> {
        if !guest.image().exists() {
            return Err(StartError::Image(guest.image().to_owned()));
        }
        let scratch = Scratch::make().map_err(StartError::Scratch)?;
        let links = Links {
            console: scratch.file("console"),
            monitor: scratch.file("monitor"),
            variables: scratch.file("variables"),
        };
        guest.wanted_firmware().prepare(&links.variables).map_err(StartError::Firmware)?;
        let consoles = listener(&links.console).map_err(StartError::Scratch)?;
        let monitors = listener(&links.monitor).map_err(StartError::Scratch)?;

        let mut child = command(guest.program())
            .args(guest.arguments(&links, resets))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(StartError::Qemu)?;
        let complaint = child.stderr.take().map(collect);

        // From here on a failure has to end the child: `Machine` does, so it is made as soon as it can be.
        let connected = accept(&consoles, &mut child).zip(accept(&monitors, &mut child));
        match connected {
            Some((console, monitor)) => Ok(Self { child, console, monitor, complaint, _scratch: scratch }),
            None => {
                end(&mut child);
                Err(StartError::Unconnected(joined(complaint)))
            }
        }
    }

    /// What QEMU wrote to its standard error. Waits for QEMU's end.
    pub fn complaint(&mut self) -> String {
        joined(self.complaint.take())
    }

    /// Kills QEMU, if it still runs.
    pub fn kill(&mut self) {
        end(&mut self.child);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // Both fail only when the process has ended and been reaped, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

fn listener(path: &Path) -> io::Result<UnixListener> {
    let listener = UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The next connection, unless the child ends or the limit passes first.
fn accept(listener: &UnixListener, child: &mut Child) -> Option<UnixStream> {
    let started = Instant::now();
    loop {
        match listener.accept() {
            Ok((stream, _)) => return stream.set_nonblocking(false).ok().map(|()| stream),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return None,
            Err(_) if started.elapsed() > CONNECT_LIMIT => return None,
            Err(_) if !matches!(child.try_wait(), Ok(None)) => return None,
            Err(_) => thread::sleep(CONNECT_STEP),
        }
    }
}

/// QEMU, by way of `setpriv` where that is there. It replaces itself, so the child's id is QEMU's.
fn command(program: &Path) -> Command {
    let path = env::var_os("PATH").unwrap_or_default();
    let setpriv = env::split_paths(&path).map(|folder| folder.join("setpriv")).find(|file| file.is_file());
    match setpriv {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

fn collect(mut source: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is still worth showing.
        let _ = source.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn joined(complaint: Option<JoinHandle<String>>) -> String {
    complaint.and_then(|thread| thread.join().ok()).unwrap_or_default()
}
