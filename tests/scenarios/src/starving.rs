//! A metered account at random: fuel comes and goes, and who waits for it is suspended, let go and killed.
//!
//! What happens follows from the stage's seed.

use crate::fuel::{BURN_SHORT, DONE, LITTLE, is_billed, metered, refill, used};
use crate::stage::{Stage, guest};
use crate::storms::dice::Dice;
use crate::{Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{Amounts, EndReason, Name, Resource};
use tessera_core::account::Account;
use tessera_core::actor::Actor;

/// How many burn at once in the account that everything happens in.
const BURNERS: usize = 5;

/// One step of what can happen to a metered account and those in it.
fn happens(
    stage: &Stage<'_>,
    dice: &mut Dice,
    account: &Arc<Account>,
    burners: &mut Vec<Arc<Actor>>,
) -> Verdict {
    let living: Vec<_> = burners.iter().filter(|one| one.end().record().is_none()).cloned().collect();
    let one = dice.pick(&living);
    match (dice.below(9), one) {
        (0 | 1, _) if living.len() < BURNERS => {
            burners.push(guest(stage, account, "burn_short", vec![])?);
            Ok(())
        }
        (2, _) => Ok(account.resize(None, &Amounts::UNCHANGED.with(Resource::Fuel, 0))?),
        (3, _) => {
            let some = Amounts::NONE.with(Resource::Fuel, account.figures(Resource::Fuel).free / 2);
            // Those who run may have drawn it meanwhile.
            drop(account.split(Name::EMPTY, &some));
            Ok(())
        }
        (4, Some(one)) => {
            one.suspend();
            Ok(())
        }
        (5, Some(one)) => {
            one.resume();
            Ok(())
        }
        (6, Some(one)) => {
            one.kill();
            Ok(())
        }
        _ => refill(stage, account, u64::from(dice.below(BURN_SHORT as u32 / 2))),
    }
}

/// On all cores: fuel comes and goes, and who waits for it is suspended, let go and killed.
pub fn whatever_happens_to_those_without_fuel_none_is_lost(stage: &mut Stage<'_>) -> Verdict {
    let mut dice = Dice::new(stage.seed);
    let account = metered(stage, LITTLE)?;
    let mut burners = Vec::new();
    for _ in 0..150 {
        happens(stage, &mut dice, &account, &mut burners)?;
        for _ in 0..dice.below(12) {
            (stage.run)();
        }
    }
    refill(stage, &account, 10 * BURN_SHORT)?;
    burners.iter().for_each(Actor::resume);
    let mut done = 0;
    for one in &burners {
        let end = stage.end_of(one)?.reason;
        check!(end == DONE || end == EndReason::Killed, "one ended: {end:?}");
        done += u64::from(end == DONE);
    }
    // What one has overrun last and there was nothing to pay with is not billed.
    let (least, most) = (done * (BURN_SHORT - 127), burners.len() as u64 * BURN_SHORT);
    let used = used(&account);
    check!((least..=most).contains(&used), "{used} for {done} of {} that ran to their end", burners.len());
    // What is counted as free can be used to the last.
    account.resize(None, &Amounts::UNCHANGED.with(Resource::Fuel, 0))?;
    refill(stage, &account, BURN_SHORT)?;
    let last = guest(stage, &account, "burn_short", vec![])?;
    stage.ends(&last, DONE)?;
    is_billed(&account, used + BURN_SHORT)
}
