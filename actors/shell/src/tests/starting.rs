//! Starting actors, with what they are handed.

use super::*;
use actor_sdk::abi::inspect::ActorRecord;

#[test]
fn spawn_limits_what_it_hands_over_and_keeps_none_of_it() {
    let (kernel, screen) =
        machine("spawn --with pong --uses 3 --for 2 ping\nspawn --uses 0 --with pong ping\n");
    let before = kernel.slots_used();
    assert_eq!(run(), Err(Error::Closed));
    let spawned = kernel.spawned();
    let left = spawned[0].limits("pong").unwrap();
    assert_eq!((left.uses_left, left.expires_at_ns), (3, 2_000_000_000));
    assert_eq!(kernel.slots_used(), before, "a copy of what was handed over is left");
    assert_eq!(spawned.len(), 1, "{}", screen.borrow());
}

#[test]
fn spawn_hands_over_log_clock_and_what_is_named() {
    let (kernel, _screen) = machine("spawn --name p --with pong ping 7\nspawn --with spoon ping\n");
    assert_eq!(run(), Err(Error::Closed));
    let spawned = kernel.spawned();
    assert_eq!(spawned.len(), 1);
    assert_eq!(
        (spawned[0].name.as_str(), spawned[0].module.as_str(), spawned[0].args.as_str()),
        ("p", "ping", "7")
    );
    let names: std::vec::Vec<_> =
        spawned[0].caps.iter().map(|(name, _, rights)| (name.as_str(), *rights)).collect();
    let read_and_wait = Rights::READ.union(Rights::WAIT);
    let pong = Rights::SEND.union(Rights::RECEIVE);
    assert_eq!(names, [("log", Rights::WRITE), ("clock", read_and_wait), ("pong", pong)]);
}

#[test]
fn a_spawned_handler_gets_its_own_endpoint_first() {
    let (kernel, _screen) = machine("spawn --handler echo\n");
    assert_eq!(run(), Err(Error::Closed));
    let first = kernel.spawned()[0].caps[0].clone();
    assert_eq!((first.0.as_str(), first.1), ("", ObjectKind::Endpoint));
}

#[test]
fn a_draft_is_made_and_begins_with_resume() {
    let typed = "spawn --draft ping\nspawn pong\n";
    let (kernel, _screen) = machine(typed);
    assert_eq!(run(), Err(Error::Closed));
    let held: std::vec::Vec<bool> = kernel.spawned().iter().map(|one| one.suspended).collect();
    assert_eq!(held, [true, false]);
}

#[test]
fn a_draft_is_handed_what_it_is_to_have_and_an_actor_is_asked_to_end() {
    let typed = "spawn --draft ping\ngrant ping pong\ngrant ping nothing\nresume ping\ngrant ping pong\nterminate ping\n";
    let (mut kernel, screen) = machine(typed);
    kernel.add_actor(ActorRecord { id: 2, ..actor(2, "ping", ActorState::Draft) });
    assert_eq!(run(), Err(Error::Closed));
    let text = screen.borrow().clone();
    let ping = &kernel.spawned()[0];
    assert_eq!(ping.caps.last().map(|cap| cap.0.as_str()), Some("pong"), "{text}");
    assert_eq!(ping.caps.len(), 3, "the log, the clock, and what it was handed: {text}");
    assert!(text.contains("has pong\n") && text.contains("(invalid-argument)\n"), "{text}");
    assert!(ping.terminated && text.contains("asked ping (2.0) to end\n"), "{text}");
}

#[test]
fn what_was_started_again_is_asked_for_and_handed_on() {
    let (mut kernel, screen) = machine("renew pong\nrenew pong\nspawn --with pong --uses 2 ping\n");
    kernel.grant::<Endpoint>("supervisor");
    let mut given = false;
    kernel.grant::<Endpoint>("the new one");
    let sender = Rights::SEND.union(Rights::GRANT);
    let answer = kernel.carrying(Parcel::new(supervisor::GIVEN), "the new one", sender);
    kernel.answer("supervisor", move |request| {
        assert_eq!(request.label, supervisor::GIVE);
        if request.text() == "console" {
            return Err(Error::Closed);
        }
        if core::mem::replace(&mut given, true) {
            return Ok(Parcel::new(supervisor::REFUSED).word(0, Error::Busy.number().into()));
        }
        Ok(answer.clone())
    });
    assert_eq!(run(), Err(Error::Closed));
    let text = screen.borrow().clone();
    assert!(text.contains("pong leads to the new one\n"), "{text}");
    assert!(text.contains("(busy)\n"), "the second time there is nothing newer: {text}");
    assert_eq!(kernel.spawned()[0].caps[2].2, Rights::SEND, "of the new one, which it got to send");
}

/// A console that has gone, and a supervisor that gives another one when it has been asked often enough.
fn machine_whose_console_returns(after: usize) -> (Kernel, Rc<RefCell<String>>) {
    let (mut kernel, screen) = machine("");
    for name in ["supervisor", "the new one"] {
        kernel.grant::<Endpoint>(name);
    }
    kernel.answer("console", |_| Err(Error::PeerDead));
    serve(&mut kernel, "the new one", "uptime\n", &screen);
    let mut asked = 0;
    let given = kernel.carrying(Parcel::new(supervisor::GIVEN), "the new one", Rights::SEND);
    kernel.answer("supervisor", move |request| {
        assert_eq!((request.label, request.text().as_str()), (supervisor::GIVE, "console"));
        asked += 1;
        match asked {
            _ if asked <= after => Ok(Parcel::new(supervisor::REFUSED).word(0, Error::Busy.number().into())),
            _ if asked == after + 1 => Ok(given.clone()),
            _ => Err(Error::Closed),
        }
    });
    (kernel, screen)
}

#[test]
fn a_console_that_has_returned_is_found_and_told_what_the_last_was_not() {
    let (_kernel, screen) = machine_whose_console_returns(3);
    assert_eq!(run(), Err(Error::Closed));
    let text = screen.borrow().clone();
    assert!(text.starts_with(BANNER) && text.contains("up 0 min 0.150 s"), "{text}");
}

#[test]
fn a_console_that_does_not_return_ends_the_shell_after_a_while() {
    let (kernel, screen) = machine_whose_console_returns(usize::MAX - 1);
    assert_eq!(run(), Err(Error::PeerDead));
    assert_eq!((screen.borrow().as_str(), kernel.now_ns()), ("", 5_000_000_000));
}

#[test]
fn wait_gives_up_at_the_deadline_and_works_for_any_actor() {
    let text = shown("spawn primes\nwait primes 2\nuptime\n", |_| {});
    assert!(text.contains("wait: The deadline passed first; nothing has changed. (timed-out)\n"), "{text}");
    assert!(text.contains("up 0 min 2.000 s\n"), "{text}");
    let text = shown("wait other 0\n", |kernel| kernel.add_actor(actor(0, "other", ActorState::Ready)));
    assert!(text.contains("wait: No such module, actor, entry or name. (not-found)\n"), "{text}");
}
