//! Time as a rhythm and as a bound.
//!
//! Owns: the moments of an interval, and the one deadline of several steps.
//! Invariant: ticks lie at fixed moments, so work between them does not shift those that follow (but with
//! [`Missed::Delay`], which is to).
//! Does not: interrupt anything. Whatever is to end at a moment is given that moment as its deadline.

use core::time::Duration;

use tessera_abi::Error;

use crate::capability::Clock;

/// What becomes of ticks whose moments have passed when one that is late comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// They come at once, one after the other.
    Burst,
    /// They are left out; the next comes at its own moment.
    Skip,
    /// They are left out, and those to come shift: the next comes a whole period after the late one.
    Delay,
}

/// A tick a period, the first one period from now.
///
/// ```
/// use actor_sdk::sync::{Interval, Missed};
/// use actor_sdk::{Clock, Error, fake};
/// use core::time::Duration;
///
/// let mut kernel = fake::Kernel::new();
/// let clock = kernel.grant::<Clock>("clock");
/// let mut beat = Interval::new(&clock, Duration::from_millis(10), Missed::Skip)?;
/// assert_eq!(beat.tick(), Ok(0));
/// clock.sleep(Duration::from_millis(35))?;
/// assert_eq!(beat.tick(), Ok(2), "that of 20 ms comes late, those of 30 and 40 not at all");
/// assert_eq!(beat.next_ns(), 50_000_000);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Interval<'a> {
    clock: &'a Clock,
    period_ns: u64,
    missed: Missed,
    next_ns: u64,
}

impl<'a> Interval<'a> {
    /// An interval that begins now.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a period of nothing, those of [`Clock::now_ns`].
    pub fn new(clock: &'a Clock, period: Duration, missed: Missed) -> Result<Self, Error> {
        let period_ns = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        if period_ns == 0 {
            return Err(Error::InvalidArgument);
        }
        Ok(Self { clock, period_ns, missed, next_ns: clock.after(period)? })
    }

    /// When the next tick is due, in nanoseconds since boot: the deadline of a wait that is to end with it. Ask for the
    /// tick then.
    #[must_use]
    pub const fn next_ns(&self) -> u64 {
        self.next_ns
    }

    /// Waits for the next tick, which comes at once if it is late, and says how many after it are left out.
    ///
    /// # Errors
    /// Those of [`Clock::sleep_until`] and [`Clock::now_ns`]; the tick is still to come then.
    pub fn tick(&mut self) -> Result<u64, Error> {
        self.clock.sleep_until(self.next_ns)?;
        let now_ns = self.clock.now_ns()?;
        let passed = now_ns.saturating_sub(self.next_ns) / self.period_ns;
        let (from_ns, left_out) = match self.missed {
            Missed::Delay if passed > 0 => (now_ns, passed),
            Missed::Skip => (self.next_ns.saturating_add(passed.saturating_mul(self.period_ns)), passed),
            Missed::Burst | Missed::Delay => (self.next_ns, 0),
        };
        self.next_ns = from_ns.saturating_add(self.period_ns);
        Ok(left_out)
    }
}

impl Clock {
    /// Does several steps within one span: each is given the same deadline, so they do not add up.
    ///
    /// ```
    /// use actor_sdk::{Clock, Endpoint, Error, fake};
    /// use core::time::Duration;
    ///
    /// let mut kernel = fake::Kernel::new();
    /// let clock = kernel.grant::<Clock>("clock");
    /// let door = kernel.grant::<Endpoint>("door");
    /// kernel.push("door", fake::Parcel::new(1));
    /// let both = clock.timeout(Duration::from_millis(5), |deadline_ns| {
    ///     Ok((door.recv(deadline_ns)?.label, door.recv(deadline_ns)?.label))
    /// });
    /// assert_eq!(both, Err(Error::TimedOut));
    /// assert_eq!(clock.now_ns(), Ok(5_000_000));
    /// ```
    ///
    /// # Errors
    /// Those of the steps, and of [`Clock::now_ns`].
    pub fn timeout<R>(
        &self,
        span: Duration,
        steps: impl FnOnce(u64) -> Result<R, Error>,
    ) -> Result<R, Error> {
        steps(self.after(span)?)
    }
}
