//! Seeds: RDRAND where the processor has it, jitter of the time stamp counter where not.
//!
//! RDRAND (SDM volume 1, 7.3.17) is retried ten times a word, as Intel advises; the jitter is mixed in
//! always, so that neither source alone decides. Jitter alone is weak: it is the low bits of the
//! time that 64 short runs of dependent multiplications take, per word, mixed by a 64-bit finaliser
//! (splitmix64's). On a machine without RDRAND a seed should not guard a secret.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::time;

const WORDS: usize = 4;
const RETRIES: usize = 10;
const ROUNDS: u32 = 64;
/// CPUID leaf 1, ECX.
const HAS_RDRAND: u32 = 1 << 30;

/// Makes two seeds differ even if every source repeats itself.
static CALLS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn seed() -> [u8; WORDS * 8] {
    let has_rdrand = core::arch::x86_64::__cpuid(1).ecx & HAS_RDRAND != 0;
    let mut state = mix(time::cycles() ^ CALLS.fetch_add(1, Relaxed).rotate_left(32));
    let mut seed = [0; WORDS * 8];
    for word in seed.chunks_exact_mut(8) {
        state = mix(state ^ jitter());
        let drawn = if has_rdrand { draw() } else { 0 };
        word.copy_from_slice(&mix(state ^ drawn).to_le_bytes());
    }
    seed
}

/// A word from the processor; 0 if it has none to give, which the jitter has to make up for.
fn draw() -> u64 {
    let mut word = 0;
    for _ in 0..RETRIES {
        // SAFETY: the caller has seen in CPUID that the instruction exists.
        if unsafe { rdrand(&mut word) } {
            return word;
        }
    }
    0
}

/// One RDRAND; true if it gave a word.
///
/// # Safety
/// The processor has the instruction.
#[target_feature(enable = "rdrand")]
unsafe fn rdrand(word: &mut u64) -> bool {
    core::arch::x86_64::_rdrand64_step(word) == 1
}

fn jitter() -> u64 {
    let mut pool = 0_u64;
    for round in 0..ROUNDS {
        let began = time::cycles();
        pool = (0..16).fold(pool | 1, |value: u64, _| value.wrapping_mul(0x5851_f42d_4c95_7f2d));
        pool = pool.rotate_left(7) ^ time::cycles().wrapping_sub(began).rotate_left(round);
    }
    pool
}

/// A bijection that spreads every bit over the word.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}
