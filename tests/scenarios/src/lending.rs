//! Loans among many who call each other and are killed at it.

use crate::fuel::{metered, used};
use crate::funding::{LENT, PLENTY, words_of};
use crate::stage::{Stage, authority, endpoint, request};
use crate::{Verdict, check};
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{ObjectKind, Priority, Resource, Rights, Shape};
use tessera_core::actor::spawn::{Spawn, spawn};

/// Actors that call each other, lend, and are killed at it: together they use what they do, and no loan is lost.
pub fn no_loan_is_lost_among_the_killed(stage: &mut Stage<'_>) -> Verdict {
    const ACTORS: u64 = 6;
    const EACH_ROUNDS: u64 = 60;
    /// More than a gossip of so many rounds uses.
    const EACH_MOST: u64 = 100_000;
    let clock = authority(ObjectKind::Clock)?;
    let doors: Vec<_> = (0..ACTORS).map(|_| endpoint(1)).collect::<Result<_, _>>()?;
    let (mut actors, mut accounts) = (Vec::new(), Vec::new());
    for (seed, own) in (1..).zip(&doors) {
        let mut caps = vec![own.derive(Rights::ALL, 0)?, clock.derive(Rights::ALL, 0)?];
        for peer in &doors {
            caps.push(peer.derive(Rights::SEND, 0)?);
        }
        let mut request = request("gossips", Shape::Main, Priority::Normal, caps);
        let words = [stage.seed ^ (seed << 32), EACH_ROUNDS, ACTORS, LENT];
        request.profile.args = words_of(&words)?;
        let account = metered(stage, PLENTY)?;
        actors
            .push(spawn(&stage.kernel, Spawn { account: Some(account.clone()), slots_max: 24, ..request })?);
        accounts.push(account);
    }
    for actor in actors.iter().step_by(2) {
        for _ in 0..40 {
            (stage.run)();
        }
        actor.kill();
    }
    for actor in &actors {
        stage.end_of(actor)?;
    }
    let bill: u64 = accounts.iter().map(|account| used(account)).sum();
    check!(bill < ACTORS * EACH_MOST, "{bill} is used by {ACTORS}");
    for account in &accounts {
        check!(account.figures(Resource::Actors).used == 0, "somebody is still charged");
    }
    Ok(())
}
