//! The kernel's own authorities: log, clock, random bytes, image, console, power.
//!
//! Locks: those of the log, the generator and the console's waiter, each alone.

use crate::claim::claims;
use crate::context::{Context, PIECE_BYTES, Refusal, deadline};
use tessera_abi::{Error, Level, Line, ObjectKind, PowerAction, Rights};
use tessera_core::log::Writer;

/// Bytes that go to or come from the console at a time, on the kernel's stack.
const CONSOLE_BYTES: usize = 512;

pub fn log_write(context: &mut Context<'_>, claim: claims::LogWrite) -> Result<u64, Refusal> {
    context.may(claim.log, ObjectKind::Log, Rights::WRITE)?;
    let level = Level::from_number(claim.level).ok_or(Error::InvalidArgument)?;
    let line: Line = context.text(claim.text, claim.len)?;
    let who = Writer { id: context.actor.id().bits(), name: context.actor.profile().name };
    context.actor.kernel().log().write(level, who, format_args!("{}", line.as_str()));
    Ok(0)
}

pub fn log_read(context: &mut Context<'_>, claim: claims::LogRead) -> Result<u64, Refusal> {
    context.may(claim.log, ObjectKind::Log, Rights::READ)?;
    let entry = context.actor.kernel().log().read(claim.sequence).ok_or(Error::NotFound)?;
    context.write(claim.entry, &entry.encode())?;
    Ok(0)
}

pub fn clock_now(context: &mut Context<'_>, claim: claims::ClockNow) -> Result<u64, Refusal> {
    context.may(claim.clock, ObjectKind::Clock, Rights::READ)?;
    Ok(khal::time::now().as_nanos())
}

pub fn sleep_until(context: &mut Context<'_>, claim: claims::SleepUntil) -> Result<u64, Refusal> {
    let (clock, pass) = context.authority(claim.clock, ObjectKind::Clock, Rights::WAIT)?;
    context.actor.sleep_until((clock.tree(), &pass), deadline(claim.deadline))?;
    Ok(0)
}

pub fn random_fill(context: &mut Context<'_>, claim: claims::RandomFill) -> Result<u64, Refusal> {
    context.may(claim.random, ObjectKind::Random, Rights::READ)?;
    context.check(claim.buffer, claim.len as usize)?;
    let mut piece = [0; CONSOLE_BYTES];
    let (mut at, mut left, mut since) = (claim.buffer, claim.len as usize, 0);
    while left > 0 {
        let len = left.min(piece.len());
        let part = piece.get_mut(..len).unwrap_or_default();
        context.actor.kernel().random().fill(part);
        context.write(at, part)?;
        at = at.saturating_add(len as u32);
        left -= len;
        since += len;
        if since >= PIECE_BYTES {
            since = 0;
            if context.actor.must_stop() {
                break;
            }
        }
    }
    Ok(0)
}

pub fn image_read(context: &mut Context<'_>, claim: claims::ImageRead) -> Result<u64, Refusal> {
    context.may(claim.image, ObjectKind::Image, Rights::READ)?;
    let offset = usize::try_from(claim.offset).unwrap_or(usize::MAX);
    let rest = context.actor.kernel().image().bytes().get(offset..).unwrap_or_default();
    context.write_some(claim.buffer, claim.capacity, rest)
}

pub fn console_write(context: &mut Context<'_>, claim: claims::ConsoleWrite) -> Result<u64, Refusal> {
    let (authority, pass) = context.authority(claim.console, ObjectKind::Console, Rights::WRITE)?;
    context.check(claim.bytes, claim.len as usize)?;
    let mut piece = [0; CONSOLE_BYTES];
    let (mut at, mut left) = (claim.bytes, claim.len as usize);
    while left > 0 && !context.actor.must_stop() {
        let len = left.min(piece.len());
        let part = piece.get_mut(..len).unwrap_or_default();
        context.guest.read(at, part)?;
        authority.tree().holds(&pass)?;
        khal::console::write(part);
        at = at.saturating_add(len as u32);
        left -= len;
    }
    Ok(0)
}

pub fn console_read(context: &mut Context<'_>, claim: claims::ConsoleRead) -> Result<u64, Refusal> {
    let (authority, pass) = context.authority(claim.console, ObjectKind::Console, Rights::READ)?;
    context.check(claim.buffer, claim.capacity as usize)?;
    if claim.capacity == 0 {
        return Err(Error::InvalidArgument.into());
    }
    let mut piece = [0; CONSOLE_BYTES];
    let len = piece.len().min(claim.capacity as usize);
    let part = piece.get_mut(..len).unwrap_or_default();
    let console = context.actor.kernel().console();
    let through = (authority.tree(), &pass);
    let read = console.read(context.actor, through, part, deadline(claim.deadline))?;
    context.write(claim.buffer, part.get(..read).unwrap_or_default())?;
    Ok(read as u64)
}

pub fn power(context: &mut Context<'_>, claim: claims::Power) -> Result<u64, Refusal> {
    context.may(claim.system, ObjectKind::System, Rights::POWER)?;
    match PowerAction::from_number(claim.action).ok_or(Error::InvalidArgument)? {
        PowerAction::Off => khal::power::off(),
        PowerAction::Reboot => khal::power::reboot(),
    }
}

pub fn trace_set(context: &mut Context<'_>, claim: claims::TraceSet) -> Result<u64, Refusal> {
    context.may(claim.system, ObjectKind::System, Rights::INSPECT)?;
    match claim.on {
        0 => context.actor.kernel().trace().set(false),
        1 => context.actor.kernel().trace().set(true),
        _ => return Err(Error::InvalidArgument.into()),
    }
    Ok(0)
}

pub fn stats_set(context: &mut Context<'_>, claim: claims::StatsSet) -> Result<u64, Refusal> {
    context.may(claim.system, ObjectKind::System, Rights::INSPECT)?;
    match claim.on {
        0 => context.actor.kernel().stats().set(false),
        1 => context.actor.kernel().stats().set(true),
        _ => return Err(Error::InvalidArgument.into()),
    }
    Ok(0)
}

pub fn port_write(context: &mut Context<'_>, claim: claims::PortWrite) -> Result<u64, Refusal> {
    let (authority, pass) = context.authority(claim.port, ObjectKind::Port, Rights::WRITE)?;
    context.check(claim.bytes, claim.len as usize)?;
    let mut piece = [0; CONSOLE_BYTES];
    let mut taken = 0;
    loop {
        let len = piece.len().min(claim.len as usize - taken);
        let part = piece.get_mut(..len).unwrap_or_default();
        context.guest.read(claim.bytes.saturating_add(taken as u32), part)?;
        authority.tree().holds(&pass)?;
        let count = khal::port::write(part).ok_or(Error::NotFound)?;
        taken += count;
        if count < len || taken == claim.len as usize || context.actor.must_stop() {
            return Ok(taken as u64);
        }
    }
}
