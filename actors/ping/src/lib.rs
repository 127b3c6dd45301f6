//! Calls pong so many times as its argument says (1,000 if it says nothing), checks every answer, and logs
//! how long one call took.
//!
//! Ends with the number of the error that a call was refused with, or with 1 for a wrong answer.
#![no_std]

use actor_sdk::{Capability, Clock, Endpoint, Error, NEVER, Outgoing, args, info};

const ROUNDS: u64 = 1000;

/// Room for an answer's bytes: pong's answers have none.
const ANSWER_BYTES: usize = 0;

fn run() -> i32 {
    let rounds = args().trim().parse().unwrap_or(ROUNDS);
    match play(rounds) {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error) => i32::from(error.number()),
    }
}
actor_sdk::main!(run);

/// Plays, and says whether every answer was right.
fn play(rounds: u64) -> Result<bool, Error> {
    let (clock, pong) = (Clock::find("clock")?, Endpoint::find("pong")?);
    let start_ns = clock.now_ns()?;
    let mut ball = 0;
    for round in 0..rounds {
        ball = pong.call_expecting(&Outgoing::new(1).word(0, ball), ANSWER_BYTES, NEVER)?.word(0);
        if ball != round + 1 {
            actor_sdk::error!("round {round}: pong answered {ball}");
            return Ok(false);
        }
    }
    let spent_ns = clock.now_ns()?.saturating_sub(start_ns);
    info!("{rounds} calls, {} ns each", spent_ns.checked_div(rounds).unwrap_or(0));
    Ok(true)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use actor_sdk::abi::HostCall;
    use actor_sdk::fake::{Ended, Kernel, Parcel};
    use actor_sdk::{EndReason, Log};
    use std::string::String;

    fn kernel(answer: fn(u64) -> u64) -> Kernel {
        let mut kernel = Kernel::new();
        kernel.grant::<Clock>("clock");
        kernel.grant::<Log>("log");
        kernel.grant::<Endpoint>("pong");
        kernel.answer("pong", move |parcel| Ok(Parcel::new(1).word(0, answer(parcel.words[0]))));
        kernel.set_args("5");
        kernel
    }

    fn exited(code: i32) -> Ended {
        Ended::As(EndReason::Exited(code), String::new())
    }

    #[test]
    fn every_round_is_played_and_logged() {
        let mut kernel = kernel(|ball| ball + 1);
        assert_eq!(kernel.run(run), exited(0));
        assert_eq!(kernel.log_lines(), ["5 calls, 0 ns each"]);
    }

    #[test]
    fn a_wrong_answer_is_noticed() {
        assert_eq!(kernel(|ball| ball).run(run), exited(1));
    }

    #[test]
    fn a_refused_call_ends_it_with_the_error() {
        let mut kernel = kernel(|ball| ball + 1);
        kernel.refuse_after(HostCall::Call, 3, Error::PeerDead);
        assert_eq!(kernel.run(run), exited(i32::from(Error::PeerDead.number())));
    }
}
