//! Supervisors under supervisors: who ends with whom, who returns with whom, and where a failure stops.

use super::*;
use crate::tree::Todo;

/// How often each actor is started again before it is given up.
const LIMIT: usize = 2;
const ONE: usize = 1;
const UPPER: usize = 2;
const MIDDLE: usize = 3;
const TWO: usize = 4;

/// An actor that returns after every end unless it is never to, of a supervisor with that index.
fn member(name: &str, restart: Restart, supervisor: u32) -> Vec<u8> {
    let bytes = actor((restart, Strategy::OneForOne), name, 0, &[], "");
    let head = ManifestActor::decode(&bytes).unwrap();
    ManifestActor { supervisor, restart_window_ms: 60_000, ..head }.encode().to_vec()
}

/// Root over an aside and an upper, that over a middle, that over a one and a two, who stand before and behind it.
fn kernel_of_levels(upper: Restart) -> Kernel {
    kernel_from(&packed(&[
        actor((Restart::Never, Strategy::OneForOne), "root", 8, &[], ""),
        member("one", Restart::Always, 3),
        member("upper", upper, 0),
        member("middle", Restart::Always, 2),
        member("two", Restart::Always, 3),
        member("aside", Restart::Always, 0),
    ]))
}

/// Whom root has started since there were `before`.
fn started(kernel: &Kernel, before: usize) -> Vec<String> {
    kernel.spawned().into_iter().skip(before).map(|one| one.name).collect()
}

/// `one` ends once more than its supervisor starts it again.
fn exhaust_one(kernel: &mut Kernel, house: &mut House<'_>) {
    for _ in 0..LIMIT {
        end(kernel, house, "one", EndReason::Killed);
        turn(house);
    }
    end(kernel, house, "one", EndReason::Killed);
    // The other one has been told to end, and has; then the middle.
    (0..2).for_each(|_| turn(house));
}

#[test]
fn a_group_begins_behind_its_supervisor_wherever_the_manifest_has_it() {
    let mut kernel = kernel_of_levels(Restart::Always);
    with_house(&mut kernel, |kernel, house| {
        assert_eq!(started(kernel, 0), ["upper", "aside", "middle", "one", "two"]);
        assert_eq!(house.count(), 5);
    });
}

#[test]
fn a_supervisor_that_ends_takes_its_group_along_and_returns_with_it() {
    let mut kernel = kernel_of_levels(Restart::Always);
    with_house(&mut kernel, |kernel, house| {
        let before = (kernel.slots_used(), kernel.spawned().len());
        end(kernel, house, "upper", EndReason::Fault(FaultKind::Unreachable));
        for left in [4, 3, 2] {
            assert_eq!(house.count(), left, "one after the other, from below");
            assert_eq!(started(kernel, before.1), [""; 0], "nobody returns before all have ended");
            turn(house);
        }
        assert!((1..5).all(|index| house.tree.will_be_there(index)));
        turn(house);
        assert_eq!(started(kernel, before.1), ["upper", "middle", "one", "two"]);
        assert_eq!((house.count(), kernel.slots_used()), (5, before.0));
        let told: Vec<_> = kernel.log_lines().into_iter().filter(|line| line.contains("killed")).collect();
        assert_eq!(told, ["two was ended: killed", "one was ended: killed", "middle was ended: killed"]);
    });
}

#[test]
fn nobody_returns_before_all_below_it_have_ended_however_long_that_takes() {
    let mut kernel = kernel_of_levels(Restart::Always);
    with_house(&mut kernel, |_, house| {
        let (tree, killed, late_ns) = (&mut house.tree, EndReason::Killed, u64::MAX - 1);
        let mut todo = |ended: usize| {
            tree.ended(ended, killed, 0);
            core::iter::from_fn(|| tree.next(late_ns)).collect::<Vec<_>>()
        };
        assert_eq!(todo(UPPER), [Todo::Stop(TWO)], "from below, the last first");
        assert_eq!(todo(TWO), [Todo::Stop(ONE)]);
        assert_eq!(todo(ONE), [Todo::Stop(MIDDLE)]);
        assert_eq!(todo(MIDDLE), [Todo::Start(UPPER)]);
    });
}

#[test]
fn a_group_that_is_given_up_fails_its_supervisor_which_begins_anew() {
    let mut kernel = kernel_of_levels(Restart::Always);
    with_house(&mut kernel, |kernel, house| {
        exhaust_one(kernel, house);
        let told = "one ended once more after 2 restarts within 60000 ms: middle has failed";
        assert!(kernel.log_lines().iter().any(|line| line == told));
        assert_eq!((house.count(), house.tree.will_be_there(ONE)), (2, true));
        let before = kernel.spawned().len();
        turn(house);
        assert_eq!(started(kernel, before), ["middle", "one", "two"]);
        // What was held against one is forgotten with the supervisor that held it.
        end(kernel, house, "one", EndReason::Killed);
        turn(house);
        assert_eq!((started(kernel, before).len(), house.count()), (4, 5));
    });
}

#[test]
fn a_failure_goes_up_until_somebody_starts_it_again_or_root_leaves_it_down() {
    let mut kernel = kernel_of_levels(Restart::Always);
    with_house(&mut kernel, |kernel, house| {
        // Each level is tried so often, and once more for each time that the one above it is.
        for upper in 0..=LIMIT {
            for middle in 0..=LIMIT {
                assert_eq!(house.count(), 5, "upper {upper}, middle {middle}");
                exhaust_one(kernel, house);
                if middle < LIMIT {
                    turn(house);
                }
            }
            let failed = "middle ended once more after 2 restarts within 60000 ms: upper has failed";
            let count = kernel.log_lines().iter().filter(|line| *line == failed).count();
            assert_eq!(count, upper + 1);
            turn(house);
            if upper < LIMIT {
                turn(house);
            }
        }
        let last = "upper ended once more after 2 restarts within 60000 ms: it stays down";
        assert!(kernel.log_lines().iter().any(|line| line == last));
        assert_eq!((house.count(), house.is_over()), (1, false), "the others go on");
        assert!(!house.tree.will_be_there(MIDDLE) && !house.tree.will_be_there(ONE));
        end(kernel, house, "aside", EndReason::Killed);
        turn(house);
        assert_eq!(house.count(), 1);
    });
}

#[test]
fn a_group_stays_down_with_a_supervisor_that_is_not_to_return() {
    for (restart, reason) in [(Restart::Never, EndReason::Killed), (Restart::OnFault, EndReason::Exited(0))] {
        let mut kernel = kernel_of_levels(restart);
        with_house(&mut kernel, |kernel, house| {
            end(kernel, house, "upper", reason);
            (0..3).for_each(|_| turn(house));
            assert_eq!((house.count(), house.tree.will_be_there(ONE)), (1, false), "{reason:?}");
            assert_eq!(house.tree.wake_ns(), actor_sdk::NEVER);
        });
    }
}

#[test]
fn a_supervisor_that_cannot_be_started_keeps_its_group_waiting() {
    let mut kernel = kernel_of_levels(Restart::Always);
    kernel.refuse(HostCall::Spawn, Error::NoMemory);
    with_house(&mut kernel, |kernel, house| {
        assert_eq!((started(kernel, 0), house.count()), (Vec::from([String::from("aside")]), 1));
        assert!(house.tree.will_be_there(ONE) && !house.is_over());
        turn(house);
        assert_eq!(house.count(), 5);
    });
}

/// Root, whose actors start as `strategy` says, over these, each with who supervises it and whom it is granted.
fn kernel_of_grants(strategy: Strategy, actors: &[(&str, u32, &[u32])]) -> Kernel {
    let root = actor((Restart::Never, strategy), "root", 8, &[], "");
    let others = actors.iter().map(|(name, supervisor, granted)| {
        let caps = granted.iter().map(|target| cap("whom", ObjectKind::Actor, Rights::WAIT, *target));
        let bytes = actor((Restart::Never, strategy), name, 4, &caps.collect::<Vec<_>>(), "");
        let (head, rest) = bytes.split_at(ManifestActor::SIZE);
        let head = ManifestActor { supervisor: *supervisor, ..ManifestActor::decode(head).unwrap() };
        [&head.encode()[..], rest].concat()
    });
    kernel_from(&packed(&core::iter::once(root).chain(others).collect::<Vec<_>>()))
}

#[test]
fn who_is_granted_an_actor_is_put_off_until_it_was_started_and_nothing_is_held_against_it() {
    // The other is refused for so long that the first is put off more often than the limit of two allows a fault.
    let mut kernel = kernel_of_grants(Strategy::OneForOne, &[("first", 0, &[2]), ("later", 0, &[])]);
    (0..5).for_each(|_| kernel.refuse(HostCall::Spawn, Error::NoMemory));
    with_house(&mut kernel, |kernel, house| {
        let door = house.wiring.endpoint(1).unwrap();
        assert_eq!(door.try_send(&Outgoing::new(1)), Ok(()), "what is sent waits for it");
        (0..6).for_each(|_| turn(house));
        assert_eq!(started(kernel, 0), ["later", "first"]);
        assert_eq!(kernel.spawned()[1].caps[1].1, ObjectKind::Actor);
        let told = ["first is to be started behind later", "later was not started: "];
        assert_eq!(kernel.log_lines().len(), told.len(), "each once: {:?}", kernel.log_lines());
        assert!(told.iter().zip(kernel.log_lines()).all(|(told, line)| line.starts_with(told)));
    });
}

#[test]
fn nobody_is_put_off_for_one_that_will_not_be_there_without_it() {
    for (strategy, actors) in [
        (Strategy::OneForOne, [("first", 0, &[1][..]), ("other", 0, &[])]),
        (Strategy::OneForOne, [("first", 0, &[0]), ("other", 0, &[])]),
        (Strategy::OneForOne, [("first", 0, &[2]), ("its own", 1, &[])]),
        (Strategy::OneForAll, [("first", 0, &[2]), ("behind it", 0, &[])]),
    ] {
        let mut kernel = kernel_of_grants(strategy, &actors);
        with_house(&mut kernel, |kernel, _| {
            let told = std::format!("first was not started: {}", Error::NotFound.prose());
            assert_eq!(kernel.log_lines().first(), Some(&told), "{strategy:?}: {actors:?}");
        });
    }
}
