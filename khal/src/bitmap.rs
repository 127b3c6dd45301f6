//! Which of N equal things are taken: one bit a thing, with contiguous ranges.
//!
//! Owns the search policy (lowest address first, so that memory stays dense at the bottom) and the
//! two counts. Invariants: a set bit is a thing that is taken or does not exist; `free` equals the
//! number of clear bits; no clear bit lies below `hint`. It knows nothing of what the things are
//! (frames of memory, slots of the stack region) and holds no lock: its owner does.

/// A bitmap over borrowed words; all things start taken.
pub(crate) struct Bitmap<'a> {
    words: &'a mut [u64],
    /// No index below this one is free.
    hint: usize,
    free: usize,
}

const BITS: usize = u64::BITS as usize;

impl<'a> Bitmap<'a> {
    /// A bitmap of `words.len() * 64` things, all taken.
    pub(crate) fn new(words: &'a mut [u64]) -> Bitmap<'a> {
        words.fill(u64::MAX);
        let hint = words.len() * BITS;
        Bitmap { words, hint, free: 0 }
    }

    /// How many things are free.
    pub(crate) fn free_count(&self) -> usize {
        self.free
    }

    /// Takes the lowest `count` neighbours that are all free; `None` if there are none such.
    pub(crate) fn take(&mut self, count: usize) -> Option<usize> {
        if count == 0 || count > self.free {
            return None;
        }
        let mut start = self.next(self.hint, self.capacity(), Bit::Free)?;
        self.hint = start;
        loop {
            let end = self.run_end(start, count);
            if end - start == count {
                self.set(start, count);
                return Some(start);
            }
            start = self.next(end, self.capacity(), Bit::Free)?;
        }
    }

    /// Takes exactly `start..start + count` if all of it is free.
    pub(crate) fn take_at(&mut self, start: usize, count: usize) -> bool {
        let Some(end) = start.checked_add(count) else { return false };
        if end > self.capacity() || self.run_end(start, count) != end {
            return false;
        }
        self.set(start, count);
        true
    }

    /// Gives `start..start + count` back; returns how many of them were taken until now, so that a
    /// caller can see a double release.
    pub(crate) fn release(&mut self, start: usize, count: usize) -> usize {
        let end = start.saturating_add(count).min(self.capacity());
        let mut released = 0;
        let mut index = start;
        while index < end {
            let (mask, next) = span_in_word(index, end);
            if let Some(word) = self.words.get_mut(index / BITS) {
                released += (*word & mask).count_ones() as usize;
                *word &= !mask;
            }
            index = next;
        }
        self.free += released;
        self.hint = self.hint.min(start);
        released
    }

    fn capacity(&self) -> usize {
        self.words.len() * BITS
    }

    /// Marks a range that is known to be free as taken.
    fn set(&mut self, start: usize, count: usize) {
        let end = start + count;
        let mut index = start;
        while index < end {
            let (mask, next) = span_in_word(index, end);
            if let Some(word) = self.words.get_mut(index / BITS) {
                *word |= mask;
            }
            index = next;
        }
        self.free -= count;
        if self.hint == start {
            self.hint = end;
        }
    }

    /// The end of the free run at `start`, at most `start + count`.
    fn run_end(&self, start: usize, count: usize) -> usize {
        let limit = start.saturating_add(count).min(self.capacity());
        self.next(start, limit, Bit::Taken).map_or(limit, |taken| taken.min(limit))
    }

    /// The first index from `from` on that is `wanted`, if the words that hold `from..end` have one.
    /// Nothing beyond them is looked at: the run behind a free index may be all of memory.
    fn next(&self, from: usize, end: usize, wanted: Bit) -> Option<usize> {
        let flip = match wanted {
            Bit::Taken => 0,
            Bit::Free => u64::MAX,
        };
        let mut skip = u64::MAX << (from % BITS);
        for (number, word) in self.words.iter().enumerate().take(end.div_ceil(BITS)).skip(from / BITS) {
            let hits = (word ^ flip) & skip;
            if hits != 0 {
                return Some(number * BITS + hits.trailing_zeros() as usize);
            }
            skip = u64::MAX;
        }
        None
    }
}

#[derive(Clone, Copy)]
enum Bit {
    Free,
    Taken,
}

/// The bits of `index..end` that lie in the word of `index`, and the index that follows them.
fn span_in_word(index: usize, end: usize) -> (u64, usize) {
    let next = end.min((index / BITS + 1) * BITS);
    let width = next - index;
    let ones = if width == BITS { u64::MAX } else { (1 << width) - 1 };
    (ones << (index % BITS), next)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn a_new_bitmap_has_nothing_to_give() {
        let mut words = [0; 2];
        let mut map = Bitmap::new(&mut words);
        assert_eq!(map.take(1), None);
        assert_eq!(map.free_count(), 0);
    }

    #[test]
    fn the_lowest_range_that_fits_is_taken_even_across_words() {
        let mut words = [0; 3];
        let mut map = Bitmap::new(&mut words);
        map.release(3, 2);
        map.release(60, 10);
        assert_eq!(map.take(5), Some(60));
        assert_eq!(map.take(2), Some(3));
        assert_eq!(map.take(5), Some(65));
        assert_eq!((map.take(1), map.free_count()), (None, 0));
    }

    #[test]
    fn a_range_grows_only_into_free_neighbours() {
        let mut words = [0; 1];
        let mut map = Bitmap::new(&mut words);
        map.release(0, 8);
        assert_eq!(map.take(4), Some(0));
        assert!(map.take_at(4, 2));
        assert!(!map.take_at(5, 2));
        assert!(!map.take_at(6, 100));
        assert_eq!(map.free_count(), 2);
    }

    #[test]
    fn a_double_release_is_reported_and_changes_no_count() {
        let mut words = [0; 1];
        let mut map = Bitmap::new(&mut words);
        assert_eq!(map.release(8, 4), 4);
        assert_eq!(map.release(8, 4), 0);
        assert_eq!(map.free_count(), 4);
    }

    #[test]
    fn a_random_walk_agrees_with_a_plain_list() {
        let mut words = [0; 4];
        let mut map = Bitmap::new(&mut words);
        map.release(0, 256);
        let mut plain = vec![false; 256];
        let mut held: Vec<(usize, usize)> = Vec::new();
        let mut seed = 7u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let count = (seed >> 40) as usize % 20 + 1;
            if seed >> 63 == 0 {
                let expected = (0..=256 - count).find(|&s| plain[s..s + count].iter().all(|taken| !taken));
                assert_eq!(map.take(count), expected);
                if let Some(start) = expected {
                    plain[start..start + count].fill(true);
                    held.push((start, count));
                }
            } else if !held.is_empty() {
                let (start, count) = held.swap_remove((seed >> 32) as usize % held.len());
                assert_eq!(map.release(start, count), count);
                plain[start..start + count].fill(false);
            }
            assert_eq!(map.free_count(), plain.iter().filter(|taken| !**taken).count());
        }
    }
}
