//! The fake kernel's log, time, randomness, image and console.
//!
//! Invariant: chance is repeatable, time moves only when somebody sleeps or waits.
//! Does not: look at handles; dispatching has resolved them.

use tessera_abi::inspect::LogEntry;
use tessera_abi::{Error, HostCall, Level, Line, Name};

use super::{Calls, Outcome};
use crate::fake::Refused;

impl Calls<'_> {
    pub(super) fn log_write(&mut self, _log: u64, level: u32, text: u32, len: u32) -> Outcome {
        let level = Level::from_number(level).ok_or(Error::InvalidArgument)?;
        let text = Line::new(&self.text(text, len)?).ok_or(Error::TooLong)?;
        let sequence = self.state.log.len() as u64 + 1;
        let (time_ns, name) = (self.state.now_ns, Name::new_truncated("test"));
        self.state.log.push(LogEntry { sequence, time_ns, actor: 1, level, core: 0, name, text });
        Ok(0)
    }

    pub(super) fn log_read(&mut self, _log: u64, sequence: u64, entry: u32) -> Outcome {
        let found = self.state.log.iter().find(|entry| entry.sequence >= sequence).ok_or(Error::NotFound)?;
        self.memory.write(entry, &found.encode())?;
        Ok(0)
    }

    pub(super) fn clock_now(&mut self, _clock: u64) -> Outcome {
        Ok(self.state.now_ns)
    }

    pub(super) fn sleep_until(&mut self, _clock: u64, deadline: u64) -> Outcome {
        if deadline <= self.state.now_ns {
            return Ok(0);
        }
        match self.wait(HostCall::SleepUntil, deadline) {
            Refused::With(Error::TimedOut) => Ok(0),
            refused => Err(refused),
        }
    }

    pub(super) fn random_fill(&mut self, _random: u64, buffer: u32, len: u32) -> Outcome {
        let mut bytes = vec![0; len as usize];
        for byte in &mut bytes {
            // A linear congruential step: repeatable, which is what a test wants of chance.
            self.state.random = self.state.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (self.state.random >> 56) as u8;
        }
        self.memory.write(buffer, &bytes)?;
        Ok(0)
    }

    pub(super) fn image_read(&mut self, _image: u64, offset: u64, buffer: u32, capacity: u32) -> Outcome {
        let rest = self.state.image.get(offset as usize..).unwrap_or_default().to_vec();
        self.put_some(buffer, capacity, &rest)
    }

    pub(super) fn console_write(&mut self, _console: u64, bytes: u32, len: u32) -> Outcome {
        self.state.console_out.extend_from_slice(self.memory.read(bytes, len)?);
        Ok(0)
    }

    pub(super) fn console_read(
        &mut self,
        _console: u64,
        buffer: u32,
        capacity: u32,
        deadline: u64,
    ) -> Outcome {
        if capacity == 0 {
            return Err(Error::InvalidArgument.into());
        }
        if self.state.console_in.is_empty() {
            return Err(self.wait(HostCall::ConsoleRead, deadline));
        }
        let len = self.state.console_in.len().min(capacity as usize);
        let bytes: Vec<u8> = self.state.console_in.drain(..len).collect();
        self.put_some(buffer, capacity, &bytes)
    }
}
