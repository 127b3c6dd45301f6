//! The decisions, one by one and in random lives.

use super::*;
use tessera_abi::FaultKind;

const FAULT: EndReason = EndReason::Fault(FaultKind::Unreachable);
const EXIT: EndReason = EndReason::Exited(0);
const S: u64 = 1_000_000_000;

fn policy(restart: Restart) -> Policy {
    Policy { restart, limit: 3, window_ns: 10 * S, back_off_ns: 0, watchdog_ns: 0, shutdown_ns: 0 }
}

/// Everything that is to be done at this moment.
fn todo(supervisor: &mut Supervisor, now_ns: u64) -> Vec<Action> {
    core::iter::from_fn(|| supervisor.next(now_ns)).collect()
}

/// These stop, each when the one before has ended.
fn stop(supervisor: &mut Supervisor, now_ns: u64, order: [usize; 2]) {
    for at in order {
        assert_eq!(todo(supervisor, now_ns), [Action::Stop(at)]);
        supervisor.ended(at, EndReason::Killed, now_ns);
    }
}

/// Three children that are up.
fn three(strategy: Strategy, restarts: [Restart; 3]) -> Supervisor {
    let mut supervisor = Supervisor::new(strategy, restarts.map(policy));
    assert_eq!(todo(&mut supervisor, 0), [Action::Start(0), Action::Start(1), Action::Start(2)]);
    supervisor
}

#[test]
fn each_policy_restarts_after_its_ends_and_no_others() {
    use EndReason::{Exited, Killed, Orphaned, OverQuota, Revoked, Silent};
    for reason in [EXIT, Exited(1), Exited(-1), FAULT, Killed, Revoked, OverQuota, Orphaned, Silent] {
        for (restart, expected) in
            [(Restart::Never, false), (Restart::OnFault, reason != EXIT), (Restart::Always, true)]
        {
            let mut supervisor = Supervisor::new(Strategy::OneForOne, [policy(restart)]);
            todo(&mut supervisor, 0);
            supervisor.ended(0, reason, S);
            assert_eq!(!todo(&mut supervisor, S).is_empty(), expected, "{restart:?} after {reason:?}");
            assert_eq!((supervisor.is_over(), supervisor.is_up(0)), (!expected, expected));
        }
    }
}

#[test]
fn one_for_one_starts_the_one_again() {
    let mut supervisor = three(Strategy::OneForOne, [Restart::Always; 3]);
    supervisor.ended(1, FAULT, S);
    assert_eq!(todo(&mut supervisor, S), [Action::Start(1)]);
}

#[test]
fn one_for_all_stops_the_others_last_first_and_starts_all_first_first() {
    let mut supervisor = three(Strategy::OneForAll, [Restart::Always, Restart::OnFault, Restart::Always]);
    supervisor.ended(1, FAULT, S);
    assert_eq!(todo(&mut supervisor, S), [Action::Stop(2)]);
    assert_eq!(todo(&mut supervisor, S), [], "one after the other");
    supervisor.ended(2, EXIT, S);
    assert_eq!(todo(&mut supervisor, S), [Action::Stop(0)]);
    supervisor.ended(0, EndReason::Killed, S);
    assert_eq!(todo(&mut supervisor, S), [Action::Start(0), Action::Start(1), Action::Start(2)]);
}

#[test]
fn rest_for_one_spares_those_before() {
    let mut supervisor = three(Strategy::RestForOne, [Restart::Always; 3]);
    supervisor.ended(1, FAULT, S);
    assert_eq!(todo(&mut supervisor, S), [Action::Stop(2)]);
    supervisor.ended(2, EndReason::Killed, S);
    assert_eq!(todo(&mut supervisor, S), [Action::Start(1), Action::Start(2)]);
}

#[test]
fn a_child_that_is_never_restarted_stays_down_also_when_it_was_stopped_for_others() {
    let mut supervisor = three(Strategy::OneForAll, [Restart::Always, Restart::Never, Restart::Always]);
    supervisor.ended(0, FAULT, S);
    stop(&mut supervisor, S, [2, 1]);
    assert_eq!(todo(&mut supervisor, S), [Action::Start(0), Action::Start(2)]);
    assert!(!supervisor.is_up(1));
}

#[test]
fn whoever_ends_while_it_is_to_stop_is_not_counted_and_not_told_to() {
    let mut supervisor = three(Strategy::OneForAll, [Restart::Always; 3]);
    supervisor.ended(0, FAULT, S);
    supervisor.ended(1, FAULT, S);
    assert_eq!(todo(&mut supervisor, S), [Action::Stop(2)]);
    supervisor.ended(2, FAULT, S);
    assert_eq!(todo(&mut supervisor, S).len(), 3);
    for second in 2..4 {
        supervisor.ended(1, FAULT, second * S);
        stop(&mut supervisor, second * S, [2, 0]);
        assert_eq!(todo(&mut supervisor, second * S).len(), 3, "its own third end within the window");
    }
}

#[test]
fn too_many_restarts_within_the_window_are_given_up_and_told_once() {
    let mut supervisor = three(Strategy::OneForOne, [Restart::Always; 3]);
    for second in 1..=3 {
        supervisor.ended(1, FAULT, second * S);
        assert_eq!(todo(&mut supervisor, second * S), [Action::Start(1)]);
    }
    supervisor.ended(1, FAULT, 4 * S);
    assert_eq!(todo(&mut supervisor, 4 * S), [Action::GiveUp(1)]);
    assert_eq!(todo(&mut supervisor, 100 * S), []);
    assert!(!supervisor.is_up(1) && supervisor.is_up(0) && !supervisor.is_over());
}

#[test]
fn restarts_that_are_past_the_window_count_no_more() {
    let mut supervisor = three(Strategy::OneForOne, [Restart::Always; 3]);
    for round in 1..=50 {
        let now = round * 4 * S;
        supervisor.ended(0, FAULT, now);
        assert_eq!(todo(&mut supervisor, now), [Action::Start(0)], "round {round}");
    }
}

#[test]
fn a_limit_of_none_gives_up_at_the_first_end() {
    let never = Policy { limit: 0, ..policy(Restart::Always) };
    let mut supervisor = Supervisor::new(Strategy::OneForOne, [never]);
    todo(&mut supervisor, 0);
    supervisor.ended(0, EXIT, S);
    assert_eq!((todo(&mut supervisor, S), supervisor.is_over()), (Vec::from([Action::GiveUp(0)]), true));
}

#[test]
fn the_wait_doubles_up_to_its_bound_and_begins_anew_after_a_quiet_window() {
    let patient = Policy { limit: 1000, window_ns: 1000 * S, back_off_ns: S, ..policy(Restart::Always) };
    let mut supervisor = Supervisor::new(Strategy::OneForOne, [patient]);
    let mut now = 0;
    for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
        todo(&mut supervisor, now);
        supervisor.ended(0, FAULT, now);
        assert_eq!(supervisor.wake_ns(), now + expected * S);
        assert_eq!(todo(&mut supervisor, now + expected * S - 1), []);
        now += expected * S;
    }
    todo(&mut supervisor, now);
    assert_eq!(supervisor.wake_ns(), NEVER);
    supervisor.ended(0, FAULT, now + 1000 * S);
    assert_eq!(supervisor.wake_ns(), now + 1001 * S);
}

#[test]
fn those_that_start_together_wait_for_the_first_of_them() {
    let slow = Policy { back_off_ns: S, ..policy(Restart::Always) };
    let mut supervisor = Supervisor::new(Strategy::RestForOne, [slow, policy(Restart::Always)]);
    todo(&mut supervisor, 0);
    supervisor.ended(0, FAULT, 0);
    assert_eq!(todo(&mut supervisor, 0), [Action::Stop(1)]);
    assert_eq!(supervisor.wake_ns(), NEVER, "nothing to do before it has stopped");
    supervisor.ended(1, EndReason::Killed, 0);
    assert_eq!((todo(&mut supervisor, 0), supervisor.wake_ns()), (Vec::new(), S));
    assert_eq!(todo(&mut supervisor, S), [Action::Start(0), Action::Start(1)]);
}

#[test]
fn a_child_that_cannot_be_started_is_tried_again_after_a_wait_and_given_up() {
    let mut supervisor = Supervisor::new(Strategy::OneForOne, [policy(Restart::OnFault)]);
    let mut now = S;
    for attempt in 0..4 {
        assert_eq!(supervisor.next(now), Some(Action::Start(0)), "attempt {attempt}");
        supervisor.not_started(0, Error::NotFound, now);
        if attempt < 3 {
            assert_eq!((supervisor.next(now), supervisor.wake_ns()), (None, now + RETRY_NS));
        }
        now += RETRY_NS;
    }
    assert_eq!((todo(&mut supervisor, now), supervisor.is_over()), (Vec::from([Action::GiveUp(0)]), true));
}

#[test]
fn a_start_that_failed_waits_longer_where_the_back_off_is_longer() {
    let slow = Policy { back_off_ns: S, ..policy(Restart::OnFault) };
    let mut supervisor = Supervisor::new(Strategy::OneForOne, [slow]);
    todo(&mut supervisor, 0);
    supervisor.not_started(0, Error::NotFound, 0);
    assert_eq!(supervisor.wake_ns(), S);
}

#[test]
fn what_is_wanting_for_a_start_is_held_against_nobody() {
    let policies = [policy(Restart::Never), policy(Restart::OnFault)];
    let mut supervisor = Supervisor::new(Strategy::OneForAll, policies);
    let mut now = 0;
    for error in [Error::NoMemory, Error::OverQuota, Error::TableFull, Error::Full, Error::Busy].repeat(4) {
        assert_eq!(supervisor.next(now), Some(Action::Start(0)), "at {now}");
        supervisor.not_started(0, error, now);
        assert_eq!(supervisor.next(now), None, "the second waits for the first");
        assert_eq!((supervisor.is_up(0), supervisor.is_to_return(0)), (false, true));
        now = supervisor.wake_ns();
    }
    assert_eq!(now, 20 * RETRY_NS);
    assert_eq!(todo(&mut supervisor, now), [Action::Start(0), Action::Start(1)]);
    supervisor.ended(1, FAULT, now);
    assert_eq!(todo(&mut supervisor, now), [Action::Stop(0)], "nothing is left over");
}

#[test]
fn what_is_told_of_nobody_or_twice_changes_nothing() {
    let mut supervisor = three(Strategy::OneForOne, [Restart::Always; 3]);
    supervisor.ended(7, FAULT, S);
    supervisor.ended(1, FAULT, S);
    supervisor.ended(1, FAULT, S);
    assert_eq!(todo(&mut supervisor, S), [Action::Start(1)]);
}

#[test]
fn what_is_shut_down_stops_the_last_first_and_returns_only_when_it_begins_anew() {
    let mut supervisor = three(Strategy::OneForOne, [Restart::Always, Restart::Never, Restart::Always]);
    (0..3).for_each(|_| supervisor.ended(0, FAULT, S));
    supervisor.shut_down();
    assert!(supervisor.is_shut() && (0..3).all(|at| !supervisor.is_to_return(at)));
    assert!(!supervisor.is_over(), "the first was down, the others were not");
    stop(&mut supervisor, S, [2, 1]);
    assert_eq!((supervisor.is_over(), supervisor.wake_ns()), (true, NEVER));
    supervisor.begin();
    assert_eq!(todo(&mut supervisor, S), [Action::Start(0), Action::Start(1), Action::Start(2)]);
    for _ in 0..3 {
        supervisor.ended(0, FAULT, S);
        assert_eq!(todo(&mut supervisor, S), [Action::Start(0)], "nothing was held against it");
    }
}

#[test]
fn what_is_shut_down_while_it_stops_or_gives_up_is_told_once() {
    let mut supervisor = three(Strategy::OneForAll, [Restart::Always; 3]);
    supervisor.ended(0, FAULT, S);
    assert_eq!(supervisor.next(S), Some(Action::Stop(2)));
    supervisor.shut_down();
    assert_eq!(todo(&mut supervisor, S), [], "one has been told to");
    supervisor.ended(2, EndReason::Killed, S);
    assert_eq!(todo(&mut supervisor, S), [Action::Stop(1)]);
    let never = Policy { limit: 0, ..policy(Restart::Always) };
    let mut supervisor = Supervisor::new(Strategy::OneForOne, [never]);
    todo(&mut supervisor, 0);
    supervisor.ended(0, EXIT, S);
    supervisor.shut_down();
    assert_eq!((todo(&mut supervisor, S), supervisor.is_over()), (Vec::new(), true));
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
}

fn random_policy(dice: &mut Dice) -> Policy {
    Policy {
        restart: Restart::ALL[dice.below(3) as usize],
        limit: dice.below(5) as u32,
        window_ns: 1 + dice.below(20 * S),
        back_off_ns: dice.below(S),
        watchdog_ns: 0,
        shutdown_ns: 0,
    }
}

/// Random ends at random times: what is started was down and what is stopped was up, nobody starts more often than
/// its limit allows, nobody that is told to stop is forgotten, in the end all are up or down for good, and what is shut
/// down then stops whoever is up and starts nobody.
#[test]
fn random_lives_keep_the_rules() {
    for seed in 1..=200 {
        let mut dice = Dice(seed);
        let strategy = Strategy::ALL[dice.below(3) as usize];
        let count = 1 + dice.below(5) as usize;
        let policies: Vec<Policy> = (0..count).map(|_| random_policy(&mut dice)).collect();
        let mut supervisor = Supervisor::new(strategy, policies.clone());
        let (mut up, mut faults) = (alloc::vec![false; count], alloc::vec![Vec::new(); count]);
        let mut now = 0;
        for step in 0..300 {
            while let Some(action) = supervisor.next(now) {
                match action {
                    Action::Start(at) => {
                        assert!(!core::mem::replace(&mut up[at], true), "seed {seed} {step}")
                    }
                    Action::Stop(at) => {
                        assert!(core::mem::replace(&mut up[at], false), "seed {seed} {step}");
                        supervisor.ended(at, EndReason::Killed, now);
                    }
                    Action::GiveUp(at) => assert!(!up[at], "seed {seed} {step}"),
                }
            }
            now = if dice.below(3) == 0 {
                supervisor.wake_ns().min(now + 5 * S).max(now)
            } else {
                now + dice.below(S)
            };
            let at = dice.below(count as u64) as usize;
            if step < 280 && up[at] && dice.below(2) == 0 {
                up[at] = false;
                let reason = if dice.below(2) == 0 { FAULT } else { EXIT };
                supervisor.ended(at, reason, now);
                let is_due = supervisor.children[at].state != State::Down;
                if is_due && supervisor.children[at].state != State::GivenUp {
                    faults[at].push(now);
                    let window = policies[at].window_ns;
                    let within = faults[at].iter().filter(|then| now - **then < window).count();
                    assert!(within <= policies[at].limit as usize, "seed {seed} {step}: too often");
                }
            }
            for (index, is_up) in up.iter().enumerate() {
                assert_eq!(supervisor.is_up(index), *is_up, "seed {seed} {step}");
            }
        }
        let wake_ns = supervisor.wake_ns();
        assert!(wake_ns == NEVER || wake_ns <= now + BACK_OFF_MOST_NS, "seed {seed}: one waits for nothing");
        supervisor.shut_down();
        while let Some(action) = supervisor.next(wake_ns.min(now + BACK_OFF_MOST_NS)) {
            let Action::Stop(at) = action else { panic!("seed {seed}: {action:?}") };
            assert!(core::mem::replace(&mut up[at], false), "seed {seed}");
            supervisor.ended(at, EndReason::Killed, now);
        }
        assert!(supervisor.is_over() && !up.contains(&true), "seed {seed}");
    }
}
