//! Root asked for what has been started again: who is given what, how often, and what counts as given.

use super::*;
use actor_sdk::fake::Parcel;
use actor_sdk::protocol::supervisor::{GIVE, GIVEN, REFUSED};
use actor_sdk::{Handler, Incoming};

/// Root's side of a question.
struct Desk<'a, 'b>(&'b mut House<'a>);

impl Handler for Desk<'_, '_> {
    fn start() -> Self {
        unreachable!("a house is not made by a message")
    }

    fn handle(&mut self, message: Incoming) {
        self.0.serve(message);
    }
}

/// What a client is answered: kind and rights of what it is given, or why not.
fn ask(
    kernel: &mut Kernel,
    house: &mut House<'_>,
    client: u64,
    name: &str,
) -> Result<Vec<(ObjectKind, Rights)>, Option<Error>> {
    let question = Parcel::new(GIVE).badge(client).bytes(name.as_bytes());
    let answer = kernel.deliver(&mut Desk(house), question).unwrap();
    match answer.label {
        GIVEN => Ok(answer.capabilities()),
        _ => Err(Error::from_number(answer.words[0] as u16)),
    }
}

#[test]
fn a_client_is_given_what_was_started_again_once_each_time() {
    let mut kernel = kernel_of(Restart::Always);
    with_house(&mut kernel, |kernel, house| {
        let before = kernel.slots_used();
        for round in 1..=2 {
            assert_eq!(
                ask(kernel, house, 2, "server"),
                Err(Some(Error::Busy)),
                "round {round}: nothing newer"
            );
            end(kernel, house, "echo", EndReason::Killed);
            assert_eq!(ask(kernel, house, 2, "server"), Err(Some(Error::Busy)), "round {round}: not yet");
            turn(house);
            let given = ask(kernel, house, 2, "server");
            assert_eq!(given, Ok(Vec::from([(ObjectKind::Endpoint, Rights::SEND)])), "round {round}");
            assert_eq!(kernel.slots_used(), before, "root keeps nothing of what it gives");
        }
        end(kernel, house, "echo", EndReason::Killed);
        assert_eq!(ask(kernel, house, 2, "server"), Err(Some(Error::Closed)), "it was given up");
    });
}

#[test]
fn each_of_several_grants_of_the_same_actor_is_renewed() {
    let mut kernel = kernel_of(Restart::Always);
    with_house(&mut kernel, |kernel, house| {
        end(kernel, house, "echo", EndReason::Killed);
        turn(house);
        for name in ["server", "aside"] {
            assert!(ask(kernel, house, 2, name).is_ok(), "{name}");
            assert_eq!(ask(kernel, house, 2, name), Err(Some(Error::Busy)), "{name}, once");
        }
    });
}

#[test]
fn an_answer_that_does_not_arrive_gives_nothing_away() {
    let mut kernel = kernel_of(Restart::Always);
    with_house(&mut kernel, |kernel, house| {
        end(kernel, house, "echo", EndReason::Killed);
        turn(house);
        for error in [Error::PeerDead, Error::NoMemory, Error::Full] {
            kernel.refuse(HostCall::Reply, error);
            let question = Parcel::new(GIVE).badge(2).bytes(b"server");
            assert!(kernel.deliver(&mut Desk(house), question).is_none());
        }
        assert!(ask(kernel, house, 2, "server").is_ok());
    });
}

#[test]
fn nobody_is_given_what_its_entry_does_not_grant() {
    let mut kernel = kernel_of(Restart::Always);
    with_house(&mut kernel, |kernel, house| {
        end(kernel, house, "echo", EndReason::Killed);
        turn(house);
        // A name it has not, one that no restart changes, another's, and no client at all.
        for (client, name) in [(2, "door"), (2, "log"), (1, "server"), (0, "server"), (77, "server")] {
            assert_eq!(ask(kernel, house, client, name), Err(Some(Error::NotFound)), "{client} {name}");
        }
        let nonsense = kernel.deliver(&mut Desk(house), Parcel::new(99).badge(2).bytes(b"server")).unwrap();
        assert_eq!((nonsense.label, nonsense.words[0]), (REFUSED, Error::InvalidArgument.number().into()));
    });
}
