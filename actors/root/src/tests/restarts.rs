//! Who returns after an end, who is given up, and how root goes on with what it is refused.

use super::*;

#[test]
fn an_actor_that_is_to_return_does_so_after_its_back_off_and_leaves_nothing_of_the_old() {
    let mut kernel = kernel_of(Restart::OnFault);
    with_house(&mut kernel, |kernel, house| {
        let before = kernel.slots_used();
        end(kernel, house, "echo", EndReason::Killed);
        assert_eq!(house.count(), 1, "not before its time");
        turn(house);
        assert_eq!((house.count(), kernel.now_ns()), (2, 100_000_000));
        assert_eq!(kernel.slots_used(), before);
        assert_eq!(kernel.log_lines(), ["echo was ended: killed", "echo is started again"]);
        let again = kernel.spawned().pop().unwrap();
        assert_eq!((again.name.as_str(), again.args.as_str(), again.caps.len()), ("echo", "quietly", 1));
        end(kernel, house, "client", EndReason::Exited(0));
        assert_eq!((house.count(), house.is_over()), (1, false), "that was no fault");
    });
}

#[test]
fn who_returns_stands_in_for_those_before_it() {
    let mut kernel = kernel_of(Restart::OnFault);
    with_house(&mut kernel, |kernel, house| {
        for reason in [EndReason::Fault(FaultKind::Other), EndReason::Killed] {
            end(kernel, house, "echo", reason);
            turn(house);
        }
        let counted: Vec<_> = kernel.spawned().iter().map(|one| one.stands_in_for).collect();
        assert_eq!(counted, [(0, 0), (0, 0), (1, 1), (2, 1)], "restarts, and faults before them");
    });
}

#[test]
fn an_actor_whose_endpoint_was_taken_back_returns_with_another() {
    let mut kernel = kernel_of(Restart::OnFault);
    with_house(&mut kernel, |kernel, house| {
        house.wiring.endpoint(1).unwrap().revoke(RevokeScope::Whole).unwrap();
        end(kernel, house, "echo", EndReason::Revoked);
        turn(house);
        assert_eq!((house.count(), kernel.spawned().pop().unwrap().caps.len()), (2, 1));
        assert_eq!(house.wiring.endpoint(1).unwrap().try_send(&Outgoing::new(1)), Ok(()));
    });
}

#[test]
fn an_actor_that_takes_the_last_slot_is_supervised_all_the_same() {
    let mut kernel = kernel_of(Restart::OnFault);
    // What root is granted, the ends' notification, two endpoints, two actors.
    kernel.limit_slots(kernel.slots_used() + 5);
    with_house(&mut kernel, |kernel, house| {
        assert_eq!((house.count(), kernel.spawned().len()), (2, 2));
        end(kernel, house, "client", EndReason::Killed);
        assert_eq!(kernel.log_lines(), ["client was ended: killed"]);
    });
}

#[test]
fn an_actor_that_ends_again_and_again_is_given_up_and_the_others_go_on() {
    let mut kernel = kernel_of(Restart::Always);
    with_house(&mut kernel, |kernel, house| {
        for _ in 0..2 {
            end(kernel, house, "echo", EndReason::Killed);
            turn(house);
        }
        end(kernel, house, "echo", EndReason::Killed);
        let told = "echo ended once more after 2 restarts within 1000 ms: it stays down";
        assert_eq!(kernel.log_lines().last().map(String::as_str), Some(told));
        // Whoever returns after that is granted what is left of its endpoint.
        end(kernel, house, "client", EndReason::Killed);
        turn(house);
        assert_eq!((house.count(), house.is_over()), (1, false));
        assert_eq!(kernel.spawned().pop().unwrap().caps[1].1, ObjectKind::Endpoint);
    });
}

#[test]
fn a_wait_that_is_refused_is_told_once_and_neither_ends_root_nor_loses_an_end() {
    for error in [Error::NoMemory, Error::TableFull, Error::Busy, Error::Revoked] {
        let mut kernel = kernel_of(Restart::OnFault);
        with_house(&mut kernel, |kernel, house| {
            (0..3).for_each(|_| kernel.refuse(HostCall::WaitAny, error));
            turn(house);
            assert_eq!(kernel.now_ns(), 100_000_000, "it does not spin");
            kernel.refuse(HostCall::SleepUntil, Error::NoMemory);
            turn(house);
            end(kernel, house, "echo", EndReason::Killed);
            assert_eq!(house.count(), 1, "{error:?}");
            let told = std::format!("root cannot wait and polls instead: {}", error.prose());
            assert_eq!(kernel.log_lines(), [told.as_str(), "echo was ended: killed"]);
            // The first takes the signal of the end that is seen to already.
            (0..2).for_each(|_| turn(house));
            assert_eq!(house.count(), 2);
        });
    }
}

#[test]
fn a_child_that_root_may_not_stop_counts_as_ended() {
    let mut kernel = kernel_with(Restart::OnFault, Strategy::OneForAll);
    with_house(&mut kernel, |kernel, house| {
        kernel.refuse(HostCall::ActorKillFor, Error::Revoked);
        end(kernel, house, "echo", EndReason::Killed);
        assert!(kernel.log_lines()[1].starts_with("client is lost: "));
        turn(house);
        assert_eq!((house.count(), kernel.spawned().len()), (2, 4), "both are started again");
        let counted: Vec<_> = kernel.spawned().iter().map(|one| one.stands_in_for.0).collect();
        assert_eq!(counted, [0, 0, 1, 0], "who may live is stood in for by nobody");
    });
}

#[test]
fn without_a_clock_time_is_what_a_wait_has_shown() {
    let mut kernel = kernel_of(Restart::OnFault);
    with_house(&mut kernel, |kernel, house| {
        (0..10).for_each(|_| kernel.refuse(HostCall::ClockNow, Error::Revoked));
        end(kernel, house, "echo", EndReason::Killed);
        assert_eq!(house.count(), 1);
        turn(house);
        assert_eq!(house.count(), 2);
    });
}

#[test]
fn an_actor_that_there_is_no_room_for_is_reported_once_and_tried_until_there_is() {
    let mut kernel = kernel_of(Restart::OnFault);
    // More often than the limit of two allows a fault.
    (0..10).for_each(|_| kernel.refuse(HostCall::Spawn, Error::NoMemory));
    with_house(&mut kernel, |kernel, house| {
        (0..5).for_each(|_| turn(house));
        assert_eq!((house.count(), kernel.now_ns()), (2, 500_000_000));
        let told = |name| std::format!("{name} was not started: {}", Error::NoMemory.prose());
        assert_eq!(kernel.log_lines(), [told("echo"), told("client")]);
    });
}

#[test]
fn an_actor_that_is_refused_again_and_again_is_given_up() {
    let mut kernel = kernel_of(Restart::OnFault);
    (0..6).for_each(|_| kernel.refuse(HostCall::Spawn, Error::NotFound));
    with_house(&mut kernel, |kernel, house| {
        (0..2).for_each(|_| turn(house));
        assert!(house.is_over());
        assert!(kernel.log_lines()[2].starts_with("echo ended once more after 2 restarts"));
    });
}
