//! How those end whom root stops: asked first, in their time, from below, and killed when it is over.

use super::*;

const MS: u64 = 1_000_000;

/// An actor that returns after every end, of the supervisor with that index, and is given 400 ms to end.
fn member(name: &str, supervisor: u32, limit: u32) -> Vec<u8> {
    let bytes = actor((Restart::Always, Strategy::OneForAll), name, 0, &[], "");
    let head = ManifestActor::decode(&bytes).unwrap();
    ManifestActor { supervisor, shutdown_ms: 400, restart_limit: limit, ..head }.encode().to_vec()
}

/// Root over an upper, that over a one and a two who return together. One is never started again if it is `brittle`.
fn kernel_of_three(brittle: bool) -> Kernel {
    kernel_from(&packed(&[
        actor((Restart::Never, Strategy::OneForOne), "root", 8, &[], ""),
        member("upper", 0, 2),
        member("one", 1, if brittle { 0 } else { 2 }),
        member("two", 1, 2),
    ]))
}

/// Which of those that were spawned were asked to end, and which were ended.
fn asked_and_ended(kernel: &Kernel) -> (Vec<String>, Vec<String>) {
    let named = |is_it: fn(&actor_sdk::fake::Spawned) -> bool| {
        kernel.spawned().into_iter().filter(is_it).map(|one| one.name).collect()
    };
    (named(|one| one.terminated), named(|one| one.killed))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| String::from(*name)).collect()
}

#[test]
fn whoever_is_to_stop_is_asked_and_left_alone_if_it_ends_in_time() {
    let mut kernel = kernel_of_three(false);
    with_house(&mut kernel, |kernel, house| {
        end(kernel, house, "one", EndReason::Killed);
        assert_eq!(asked_and_ended(kernel), (names(&["two"]), Vec::new()));
        end(kernel, house, "two", EndReason::Exited(0));
        turn(house);
        assert_eq!(house.count(), 3, "both are started again");
        Clock::find("clock").unwrap().sleep_until(500 * MS).unwrap();
        house.act();
        assert_eq!(asked_and_ended(kernel).1, [""; 0], "nor is who has returned since");
    });
}

#[test]
fn whoever_does_not_end_in_time_is_ended_with_a_word() {
    let mut kernel = kernel_of_three(false);
    with_house(&mut kernel, |kernel, house| {
        end(kernel, house, "one", EndReason::Killed);
        turn(house);
        assert_eq!(kernel.now_ns(), 400 * MS);
        assert_eq!(asked_and_ended(kernel), (names(&["two"]), names(&["two"])));
        turn(house);
        let told = ["two was asked to end and has not within 400 ms: it is ended", "two was ended: killed"];
        assert_eq!(kernel.log_lines()[1..3], told);
        assert_eq!(house.count(), 3);
    });
}

#[test]
fn a_supervisor_that_has_failed_is_ended_unasked_when_its_group_has() {
    let mut kernel = kernel_of_three(true);
    with_house(&mut kernel, |kernel, house| {
        end(kernel, house, "one", EndReason::Killed);
        assert_eq!(asked_and_ended(kernel), (names(&["two"]), Vec::new()), "its group first");
        end(kernel, house, "two", EndReason::Exited(0));
        assert_eq!(asked_and_ended(kernel), (names(&["two"]), names(&["upper"])));
        turn(house);
        turn(house);
        assert_eq!((house.count(), kernel.spawned().len()), (3, 6), "that was a fault");
    });
}

#[test]
fn whoever_cannot_be_asked_any_more_counts_as_ended() {
    let mut kernel = kernel_of_three(false);
    with_house(&mut kernel, |kernel, house| {
        kernel.refuse(HostCall::ActorTerminate, Error::Revoked);
        end(kernel, house, "one", EndReason::Killed);
        assert!(kernel.log_lines()[1].starts_with("two is lost: "));
        turn(house);
        assert_eq!(house.count(), 3);
    });
}
