//! Commands about the machine as a whole.
//!
//! Does not: keep anything between commands.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use actor_sdk::abi::PowerAction;
use actor_sdk::abi::inspect::{CoreRecord, LogEntry};
use actor_sdk::{Error, Level};

use super::Trouble;
use crate::Shell;
use crate::format::{bytes, table, time};
use crate::terminal::CLEAR;

/// How many lines `log` shows unless it is told.
const LOG_LINES: usize = 20;

pub fn cpus(shell: &mut Shell, _arguments: &[String]) -> Result<(), Trouble> {
    let mut text = String::new();
    for core in shell.system.cores() {
        text.push_str(&core_line(&core));
    }
    Ok(shell.terminal.write(&text)?)
}

/// One line a core, with every figure's name, so that tools can read it.
fn core_line(core: &CoreRecord) -> String {
    let ipis = format!("{} in, {} out", core.ipis_received, core.ipis_sent);
    let forced = format!("{} forced, {} deferred", core.forced_switches, core.deferred_switches);
    format!(
        "cpu{}: ticks {}, switches {} ({forced}), steals {}, IPIs {ipis}, longest guarded {}, idle {}, queued {}\n",
        core.index,
        core.timer_ticks,
        core.switches,
        core.steals,
        time(core.longest_guarded_ns),
        time(core.idle_ns),
        core.queued,
    )
}

pub fn mem(shell: &mut Shell, _arguments: &[String]) -> Result<(), Trouble> {
    let machine = shell.system.machine()?;
    let frame_bytes = u64::from(machine.frame_bytes);
    let row = |name: &str, value: String| Vec::from([name.to_string(), value]);
    let rows = [
        row("memory", bytes(machine.frames_total * frame_bytes)),
        row("free", bytes(machine.frames_free * frame_bytes)),
        row("kernel heap", format!("{} in {} blocks", bytes(machine.heap_bytes), machine.heap_blocks)),
        row("stacks", format!("{}, {} of them free", machine.stacks, machine.stacks_free)),
        row("stack high water", bytes(u64::from(machine.stack_high_water_bytes))),
        row("actors", machine.actors.to_string()),
        row("modules", machine.modules.to_string()),
        row("endpoints", machine.endpoints.to_string()),
        row("capabilities", machine.capabilities.to_string()),
        row("timers", machine.timers.to_string()),
    ];
    Ok(shell.terminal.write(&table(&rows))?)
}

pub fn log(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let wanted = match arguments {
        [] => LOG_LINES,
        [number] => number.parse().map_err(|_| Trouble::Usage)?,
        _ => return Err(Trouble::Usage),
    };
    let mut last: VecDeque<LogEntry> = VecDeque::new();
    let mut next = 1;
    loop {
        match shell.log.read(next) {
            Ok(entry) => {
                next = entry.sequence + 1;
                last.push_back(entry);
                if last.len() > wanted {
                    last.pop_front();
                }
            }
            Err(Error::NotFound) => break,
            Err(error) => return Err(error.into()),
        }
    }
    for entry in last {
        shell.terminal.write(&log_line(&entry))?;
    }
    Ok(())
}

fn log_line(entry: &LogEntry) -> String {
    let (seconds, micros) = (entry.time_ns / 1_000_000_000, entry.time_ns / 1_000 % 1_000_000);
    let who = if entry.actor == 0 { "kernel" } else { entry.name.as_str() };
    let level = match entry.level {
        Level::Info => String::new(),
        level => format!("{}: ", level.name()),
    };
    format!("{seconds:5}.{micros:06} cpu{} {who}: {level}{}\n", entry.core, entry.text)
}

pub fn uptime(shell: &mut Shell, _arguments: &[String]) -> Result<(), Trouble> {
    let up_ns = shell.clock.now_ns()?;
    let (minutes, millis) = (up_ns / 60_000_000_000, up_ns / 1_000_000 % 60_000);
    let text = format!("up {minutes} min {}.{:03} s\n", millis / 1000, millis % 1000);
    Ok(shell.terminal.write(&text)?)
}

pub fn clear(shell: &mut Shell, _arguments: &[String]) -> Result<(), Trouble> {
    Ok(shell.terminal.write(CLEAR)?)
}

pub fn shutdown(shell: &mut Shell, _arguments: &[String]) -> Result<(), Trouble> {
    shell.terminal.write("switching off\n")?;
    Ok(shell.system.power(PowerAction::Off)?)
}

pub fn reboot(shell: &mut Shell, _arguments: &[String]) -> Result<(), Trouble> {
    shell.terminal.write("starting again\n")?;
    Ok(shell.system.power(PowerAction::Reboot)?)
}
