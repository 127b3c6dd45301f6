//! Limits by themselves, and along random derivations.

use super::*;
use crate::cap::{Capability, Object};
use alloc::vec::Vec;
use tessera_abi::{ObjectKind, Rights};

fn clock() -> Capability {
    Capability::first(Object::authority(ObjectKind::Clock).unwrap()).unwrap()
}

fn uses(count: u64) -> Asked {
    Asked { uses: NonZeroU64::new(count), ..Asked::NOTHING }
}

fn pace(uses: u32, period_ns: u64, burst: u32) -> Pace {
    Pace {
        uses: NonZeroU32::new(uses).unwrap(),
        period_ns: NonZeroU64::new(period_ns).unwrap(),
        burst: NonZeroU32::new(burst).unwrap(),
    }
}

/// How many of `tries` uses at the same moment a bucket lets in.
fn let_in(bucket: &Bucket, at_ns: u64, tries: usize) -> usize {
    (0..tries).filter(|_| bucket.count(Instant::from_nanos(at_ns)).is_ok()).count()
}

#[test]
fn a_bucket_lets_the_burst_in_at_once_and_then_an_even_pace() {
    // Ten a microsecond is one every hundred ns.
    let bucket = Bucket::new(pace(10, 1000, 3));
    assert_eq!(let_in(&bucket, 50_000, 9), 3);
    assert_eq!(let_in(&bucket, 50_099, 9), 0);
    assert_eq!(let_in(&bucket, 50_100, 9), 1);
    assert_eq!(let_in(&bucket, 50_300, 9), 2, "what was not used in the meantime");
    assert_eq!(let_in(&bucket, 90_000, 9), 3, "and no more than the burst, however long nothing came");
    assert_eq!(bucket.count(Instant::from_nanos(90_000)), Err(Error::Busy));
}

#[test]
fn over_many_periods_no_more_than_the_rate_and_one_burst_get_in() {
    let bucket = Bucket::new(pace(7, 1000, 4));
    let in_all: usize = (0..100_000).step_by(10).map(|at| let_in(&bucket, 1_000_000 + at, 2)).sum();
    assert!((690..=704).contains(&in_all), "{in_all} in a hundred periods");
}

#[test]
fn a_pace_past_all_numbers_allows_less_and_never_everything() {
    let absurd = [(pace(1, u64::MAX, u32::MAX), 1), (pace(1, 1 << 63, 9), 2)];
    for (bucket, expected) in absurd.map(|(pace, expected)| (Bucket::new(pace), expected)) {
        assert_eq!(let_in(&bucket, 5, 100), expected);
        assert_eq!(let_in(&bucket, u64::MAX, 100), 0);
    }
}

#[test]
fn a_use_that_is_taken_back_never_was() {
    let slow = Some(pace(1, 3_600_000_000_000, 1));
    let limited = clock().derive_limited(Rights::ALL, 0, &Asked { pace: slow, ..uses(2) }).unwrap();
    for _ in 0..3 {
        assert!(limited.pass().is_ok());
        assert_eq!(limited.pass().err(), Some(Error::Busy));
        limited.uncount();
    }
    assert_eq!(limited.limits().unwrap().left().uses, Some(2));
    let bucket = Bucket::new(pace(1, u64::MAX, 1));
    assert_eq!(let_in(&bucket, 5, 9), 1);
    bucket.uncount();
    assert_eq!(let_in(&bucket, 5, 9), 0, "what is past the end of time stays there");
}

#[test]
fn a_capability_serves_as_often_as_it_says_and_copies_share_that() {
    let limited = clock().derive_limited(Rights::ALL, 0, &uses(3)).unwrap();
    let copy = limited.derive(Rights::ALL, 0).unwrap();
    assert!(limited.pass().is_ok() && copy.pass().is_ok() && limited.pass().is_ok());
    assert_eq!(copy.pass().err(), Some(Error::Expired));
    assert_eq!((limited.state(), copy.state()), (GrantState::Expired, GrantState::Expired));
    assert_eq!(limited.derive(Rights::ALL, 0).err(), Some(Error::Expired));
    assert_eq!(limited.check().err(), None, "expired is not taken back");
}

#[test]
fn uses_are_taken_out_of_what_a_capability_is_derived_from() {
    let top = clock().derive_limited(Rights::ALL, 0, &uses(10)).unwrap();
    let left = |capability: &Capability| capability.limits().unwrap().left().uses;
    let child = top.derive_limited(Rights::ALL, 0, &uses(4)).unwrap();
    assert_eq!((left(&top), left(&child)), (Some(6), Some(4)));
    assert_eq!(top.derive_limited(Rights::ALL, 0, &uses(7)).err(), Some(Error::MissingRight));
    assert_eq!((left(&top), left(&child)), (Some(6), Some(4)), "a refusal takes nothing");
    let all = top.derive_limited(Rights::ALL, 0, &uses(6)).unwrap();
    assert_eq!((top.pass().err(), all.pass().err()), (Some(Error::Expired), None));
}

#[test]
fn uses_come_back_when_the_capability_does_not_come_to_be() {
    let mut deep = clock().derive_limited(Rights::ALL, 0, &uses(10)).unwrap();
    let mut above = Vec::new();
    while let Ok(next) = deep.derive(Rights::ALL, 0) {
        above.push(core::mem::replace(&mut deep, next));
    }
    assert_eq!(deep.derive_limited(Rights::ALL, 0, &uses(4)).err(), Some(Error::Full));
    assert_eq!(deep.limits().unwrap().left().uses, Some(10));
}

#[test]
fn time_runs_out_for_all_that_is_derived() {
    let at = |nanos| Asked { expires_at: Instant::from_nanos(nanos), ..Asked::NOTHING };
    let soon = clock().derive_limited(Rights::ALL, 0, &at(u64::MAX - 9)).unwrap();
    let later = soon.derive_limited(Rights::ALL, 0, &Asked::NOTHING).unwrap();
    let outlives = soon.derive_limited(Rights::ALL, 0, &at(u64::MAX - 2)).unwrap();
    for one in [&later, &outlives] {
        assert_eq!(one.limits().unwrap().left().expires_at, Instant::from_nanos(u64::MAX - 9));
    }
    assert_eq!(later.pass().unwrap().expires_at(), Instant::from_nanos(u64::MAX - 9));
    let over = soon.derive_limited(Rights::ALL, 0, &at(0)).unwrap();
    assert_eq!(over.pass().err(), Some(Error::Expired));
    assert_eq!(over.derive(Rights::ALL, 0).err(), Some(Error::Expired));
}

#[test]
fn a_rate_is_set_once_and_shared_by_all_below() {
    let slow = Asked { pace: Some(pace(1, u64::MAX / 4, 2)), ..Asked::NOTHING };
    let limited = clock().derive_limited(Rights::ALL, 0, &slow).unwrap();
    let copy = limited.derive_limited(Rights::ALL, 0, &uses(9)).unwrap();
    assert_eq!(limited.derive_limited(Rights::ALL, 0, &slow).err(), Some(Error::MissingRight));
    assert!(limited.pass().is_ok() && copy.pass().is_ok());
    assert_eq!((limited.pass().err(), copy.pass().err()), (Some(Error::Busy), Some(Error::Busy)));
    assert_eq!(copy.limits().unwrap().left().uses, Some(8), "a use that came too soon is not counted");
    assert_eq!(copy.state(), GrantState::Usable);
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n.max(1)
    }
}

/// Ten thousand random derivations and uses below one capability with a hundred uses: along every path nothing
/// grows, and all together are used a hundred times at the most.
#[test]
fn rights_and_limits_only_shrink_along_any_path() {
    const GRANTED: u64 = 100;
    let far = 1 << 62;
    for seed in 1..=5 {
        let mut dice = Dice(seed);
        let top = Asked { expires_at: Instant::from_nanos(far), ..uses(GRANTED) };
        let mut all = Vec::from([clock().derive_limited(Rights::ALL, 0, &top).unwrap()]);
        let mut used = 0;
        for step in 0..2000 {
            let at = dice.below(all.len() as u64) as usize;
            let parent = &all[at];
            if dice.below(4) == 0 {
                used += u64::from(parent.pass().is_ok());
                continue;
            }
            let asked = Asked {
                expires_at: Instant::from_nanos(far - 1000 + dice.below(2000)),
                uses: NonZeroU64::new(dice.below(6)),
                pace: None,
            };
            let mask = Rights::from_bits_truncated(dice.below(1 << 13) as u32);
            let before = parent.limits().unwrap().left();
            let Ok(child) = parent.derive_limited(mask, 0, &asked) else { continue };
            let (above, below) = (parent.limits().unwrap().left(), child.limits().unwrap().left());
            assert!(parent.rights().contains(child.rights()), "seed {seed} step {step}");
            assert!(below.expires_at <= above.expires_at, "seed {seed} step {step}");
            if let Some(own) = asked.uses {
                assert_eq!(above.uses.unwrap() + own.get(), before.uses.unwrap(), "seed {seed} step {step}");
            }
            all.push(child);
        }
        for one in &all {
            while one.pass().is_ok() {
                used += 1;
            }
        }
        assert_eq!(used, GRANTED, "seed {seed}");
    }
}
