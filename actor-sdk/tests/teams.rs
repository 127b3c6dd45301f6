//! What a supervisor in code promises, shown against the fake kernel: who is started again, who ends with whom, and
//! what becomes of all when it cannot go on.

use actor_sdk::abi::HostCall;
use actor_sdk::fake::{Ended, Kernel};
use actor_sdk::supervisor::{Failure, Policy, Restart, Strategy, Team};
use actor_sdk::{
    Capability, Clock, EndReason, Error, Factory, FaultKind, NOW, Plan, RevokeScope, Rights, Spawner,
};

const MS: u64 = 1_000_000;

fn policy(restart: Restart) -> Policy {
    Policy { restart, limit: 2, window_ns: 1000 * MS, back_off_ns: 0, watchdog_ns: 0, shutdown_ns: 0 }
}

fn pair(restart: Restart) -> [(Plan, Policy); 2] {
    ["first", "second"].map(|name| (Plan::new(name, "worker").args("quietly"), policy(restart)))
}

fn granted(kernel: &mut Kernel) -> (Spawner, Clock) {
    (kernel.grant::<Spawner>("spawner"), kernel.grant::<Clock>("clock"))
}

/// The names of those that run.
fn running(kernel: &Kernel, team: &Team<'_>) -> Vec<String> {
    let count = (0..2).filter(|index| team.actor(*index).is_some()).count();
    let spawned = kernel.spawned();
    spawned.iter().skip(spawned.len() - count).map(|one| one.name.clone()).collect()
}

#[test]
fn whoever_fails_is_started_again_with_the_same_plan_and_linked() {
    let mut kernel = Kernel::new();
    let (spawner, clock) = granted(&mut kernel);
    let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, pair(Restart::OnFault));
    assert_eq!(team.turn(NOW), Ok(true));
    let before = kernel.slots_used();
    kernel.end_actor("second", EndReason::Fault(FaultKind::Unreachable), "");
    assert_eq!(team.turn(NOW), Ok(true));
    let again = kernel.spawned().pop().unwrap();
    assert_eq!((again.name.as_str(), again.args.as_str(), again.suspended), ("second", "quietly", false));
    assert_eq!(kernel.linked(), ["first", "second", "second"]);
    assert_eq!(kernel.slots_used(), before, "nothing is kept of who has ended");
    kernel.end_actor("second", EndReason::Killed, "");
    assert_eq!(team.turn(NOW), Ok(true));
    let counted: Vec<_> = kernel.spawned().iter().map(|one| one.stands_in_for).collect();
    assert_eq!(counted, [(0, 0), (0, 0), (1, 1), (2, 1)], "restarts, and faults before them");
    for name in ["first", "second"] {
        kernel.end_actor(name, EndReason::Exited(0), "");
    }
    assert_eq!((team.turn(NOW), team.run()), (Ok(true), Ok(())), "who returned is not started again");
}

#[test]
fn those_that_return_together_do() {
    let mut kernel = Kernel::new();
    let (spawner, clock) = granted(&mut kernel);
    let mut team = Team::new(&spawner, &clock, Strategy::OneForAll, pair(Restart::Always));
    assert_eq!(team.turn(NOW), Ok(true));
    kernel.end_actor("first", EndReason::Exited(0), "");
    assert_eq!(team.turn(NOW), Ok(true));
    assert_eq!(kernel.spawned().len(), 2, "one has still to stop");
    assert_eq!(team.turn(NOW), Ok(true));
    assert_eq!((kernel.spawned().len(), running(&kernel, &team)), (4, vec!["first".into(), "second".into()]));
}

#[test]
fn a_team_that_gives_one_up_ends_them_all_and_its_actor_fails_by_it() {
    let mut kernel = Kernel::new();
    let (spawner, clock) = granted(&mut kernel);
    let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, pair(Restart::Always));
    assert_eq!(team.turn(NOW), Ok(true));
    for _ in 0..3 {
        kernel.end_actor("second", EndReason::Killed, "");
        assert_eq!(team.turn(NOW), Ok(true));
    }
    assert!(kernel.spawned()[0].killed, "it is told to end");
    let ended = kernel.run(|| -> Result<(), Error> { Ok(team.run()?) });
    assert_eq!(ended, Ended::As(EndReason::Exited(Error::PeerDead.number().into()), String::new()));
    assert_eq!((team.run(), kernel.spawned().len()), (Err(Failure::GivenUp(1)), 4));
    assert!((0..2).all(|index| team.actor(index).is_none()));
}

#[test]
fn a_team_that_cannot_wait_or_tell_the_time_ends_them_all() {
    for call in [HostCall::WaitAny, HostCall::ClockNow] {
        let mut kernel = Kernel::new();
        let (spawner, clock) = granted(&mut kernel);
        let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, pair(Restart::Always));
        assert_eq!(team.turn(NOW), Ok(true));
        kernel.refuse(call, Error::Revoked);
        assert_eq!(team.run(), Err(Failure::Refused(Error::Revoked)));
        assert!(kernel.spawned().iter().all(|one| one.killed), "{call:?}");
        assert_eq!((team.turn(NOW), kernel.spawned().len()), (Ok(false), 2), "nobody returns after that");
    }
}

#[test]
fn whose_capability_was_taken_back_is_lost_and_replaced() {
    let mut kernel = Kernel::new();
    let (spawner, clock) = granted(&mut kernel);
    let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, pair(Restart::Always));
    assert_eq!(team.turn(NOW), Ok(true));
    team.actor(0).unwrap().revoke(RevokeScope::Whole).unwrap();
    assert_eq!(team.turn(NOW), Ok(true));
    let again = kernel.spawned().pop().unwrap();
    assert_eq!((kernel.spawned().len(), again.name.as_str(), again.stands_in_for), (3, "first", (0, 0)));
    assert!(team.actor(0).is_some());
}

#[test]
fn what_is_wanting_for_a_start_is_waited_for_and_leaves_nobody_half_started() {
    for call in [HostCall::ActorSelf, HostCall::SpawnDraft, HostCall::ActorLink] {
        let mut kernel = Kernel::new();
        let (spawner, clock) = granted(&mut kernel);
        let [first, _] = pair(Restart::Never);
        let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, [first]);
        kernel.refuse(call, Error::NoMemory);
        assert_eq!(team.turn(u64::MAX), Ok(true));
        assert_eq!((team.actor(0).is_some(), kernel.now_ns()), (true, 100 * MS), "{call:?}");
        let begun = kernel.spawned().iter().filter(|one| !one.suspended).count();
        assert_eq!(begun, 1, "{call:?}");
    }
}

/// Two that return together, each given 10 ms to end.
fn polite() -> [(Plan, Policy); 2] {
    pair(Restart::Always).map(|(plan, policy)| (plan, Policy { shutdown_ns: 10 * MS, ..policy }))
}

/// Who was asked to end, and who was ended.
fn asked_and_ended(kernel: &Kernel) -> Vec<(bool, bool)> {
    kernel.spawned().iter().map(|one| (one.terminated, one.killed)).collect()
}

#[test]
fn whoever_is_to_stop_is_asked_and_ended_only_when_its_time_is_over() {
    for in_time in [true, false] {
        let mut kernel = Kernel::new();
        let (spawner, clock) = granted(&mut kernel);
        let mut team = Team::new(&spawner, &clock, Strategy::OneForAll, polite());
        assert_eq!(team.turn(NOW), Ok(true));
        kernel.end_actor("first", EndReason::Killed, "");
        assert_eq!(team.turn(NOW), Ok(true));
        assert_eq!(asked_and_ended(&kernel), [(false, false), (true, false)]);
        if in_time {
            kernel.end_actor("second", EndReason::Exited(0), "");
        }
        while kernel.spawned().len() == 2 {
            assert_eq!(team.turn(u64::MAX), Ok(true));
        }
        assert_eq!((asked_and_ended(&kernel)[1], kernel.now_ns() == 0), ((true, !in_time), in_time));
        clock.sleep_until(50 * MS).unwrap();
        assert_eq!(team.turn(NOW), Ok(true));
        assert_eq!(asked_and_ended(&kernel)[2..], [(false, false); 2], "nothing is left over");
    }
}

#[test]
fn a_team_is_shut_down_one_after_the_other_however_that_comes_about() {
    type Way = fn(&mut Kernel, Team<'_>);
    let ways: [Way; 3] = [
        |_, mut team| assert_eq!(team.shut_down(), Ok(())),
        |kernel, mut team| {
            let asked = kernel.grant::<Factory>("factory").notification().unwrap();
            asked.on_terminate(1).unwrap();
            assert!(kernel.terminate());
            assert_eq!(team.run_until(&asked), Ok(()));
        },
        |_, team| drop(team),
    ];
    for way in ways {
        let mut kernel = Kernel::new();
        let (spawner, clock) = granted(&mut kernel);
        let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, polite());
        assert_eq!(team.turn(NOW), Ok(true));
        way(&mut kernel, team);
        assert_eq!((asked_and_ended(&kernel), kernel.now_ns()), (vec![(true, true); 2], 20 * MS));
    }
}

#[test]
fn a_team_without_anybody_up_hears_that_it_is_to_end() {
    let mut kernel = Kernel::new();
    let (spawner, clock) = granted(&mut kernel);
    let [(plan, policy), _] = pair(Restart::Always);
    let slow = Policy { back_off_ns: 500 * MS, ..policy };
    let asked = kernel.grant::<Factory>("factory").notification().unwrap();
    asked.on_terminate(1).unwrap();
    let before = kernel.slots_used();
    let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, [(plan, slow)]);
    assert_eq!(team.turn(NOW), Ok(true));
    kernel.end_actor("first", EndReason::Killed, "");
    assert_eq!(team.turn(NOW), Ok(true));
    assert!(kernel.terminate());
    assert_eq!((team.run_until(&asked), kernel.spawned().len(), kernel.now_ns()), (Ok(()), 1, 0));
    assert_eq!(kernel.slots_used(), before, "nobody is to stand in for who has ended any more");
}

#[test]
fn a_team_that_has_no_slot_for_who_ended_starts_the_next_without_counting() {
    let mut kernel = Kernel::new();
    let (spawner, clock) = granted(&mut kernel);
    let [first, _] = pair(Restart::Always);
    let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, [first]);
    assert_eq!(team.turn(NOW), Ok(true));
    // Room for the member, and for the team's own name while it is linked.
    kernel.limit_slots(kernel.slots_used() + 1);
    kernel.end_actor("first", EndReason::Killed, "");
    assert_eq!((team.turn(NOW), team.actor(0).is_some()), (Ok(true), false));
    assert_eq!((team.turn(u64::MAX), kernel.now_ns()), (Ok(true), 100 * MS));
    assert_eq!(kernel.spawned().iter().map(|one| one.stands_in_for).collect::<Vec<_>>(), [(0, 0); 2]);
}

#[test]
fn a_wait_of_a_team_ends_at_its_deadline_and_a_dropped_team_with_everybody() {
    let mut kernel = Kernel::new();
    let (spawner, clock) = granted(&mut kernel);
    let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, pair(Restart::Always));
    assert_eq!((team.turn(7 * MS), kernel.now_ns()), (Ok(true), 7 * MS));
    drop(team);
    assert!(kernel.spawned().iter().all(|one| one.killed));
}

#[test]
fn an_actor_can_name_itself_to_be_told_of_and_to_end_others_with_it_and_no_more() {
    let mut kernel = Kernel::new();
    let (spawner, _) = granted(&mut kernel);
    let me = actor_sdk::Actor::myself().unwrap();
    assert_eq!((me.kill(), me.suspend()), (Err(Error::MissingRight), Err(Error::MissingRight)));
    assert_eq!(me.wait(NOW).err(), Some(Error::WouldDeadlock));
    let other = spawner.spawn(&Plan::new("other", "worker").grant("parent", &me, Rights::WAIT)).unwrap();
    assert_eq!((me.link(&other), kernel.linked()), (Ok(()), vec![String::from("other")]));
}

#[test]
fn whoever_is_silent_for_too_long_is_ended_and_started_again() {
    let mut kernel = Kernel::new();
    let (spawner, clock) = granted(&mut kernel);
    let [(first, policy), second] = pair(Restart::OnFault);
    let members = [(first, Policy { watchdog_ns: 8 * MS, ..policy }), second];
    let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, members);
    assert_eq!((team.turn(u64::MAX), kernel.now_ns()), (Ok(true), 2 * MS));
    kernel.silence("second", 90 * MS);
    kernel.silence("first", 8 * MS + 1);
    while kernel.spawned().len() == 2 {
        assert_eq!(team.turn(u64::MAX), Ok(true));
    }
    let ends: Vec<_> = kernel.spawned().iter().map(|one| one.end_reason()).collect();
    assert_eq!(ends, [Some(EndReason::Silent), None, None]);
    actor_sdk::heartbeat();
    assert_eq!(kernel.heartbeats(), 1);
}
