//! The dice of a storm.

/// Numbers that look random and come from a seed alone (xorshift64).
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed; seeds next to each other give numbers far apart.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        dice.word();
        dice
    }

    /// The next number, never 0: fit for a seed.
    pub fn word(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The next number below `limit`; 0 below 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        (self.word() >> 11).checked_rem(u64::from(limit)).unwrap_or(0) as u32
    }

    /// A place in a list of this length; 0 in none.
    pub fn place(&mut self, len: usize) -> usize {
        self.below(len as u32) as usize
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.place(all.len()))
    }
}
