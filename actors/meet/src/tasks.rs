//! Tasks of one actor, while others speak to it, fail, and keep quiet.

use actor_sdk::sync::{Channel, Ending, Receiver, Scope};
use actor_sdk::task::{Tasks, both};
use actor_sdk::{EndReason, Error, fault};

use crate::Host;
use crate::parties::WORDS;

/// How far apart the moments are that a task waits for, in nanoseconds.
const BEAT_NS: u64 = 1_000_000;

impl Host {
    /// Each task gets all that is meant for it, and one that nobody speaks to ends at its deadline.
    pub fn tasks_go_on_together(&self) -> Result<(), Error> {
        let (left, hears_left) = Channel::Rendezvous.open::<u64>(&self.factory)?;
        let (right, hears_right) = Channel::Bounded(3).open::<u64>(&self.factory)?;
        let (_mute, hears_nobody) = Channel::Bounded(1).open::<u64>(&self.factory)?;
        let mut scope = Scope::new(&self.spawner, Ending::WaitAll);
        for words in [&left, &right] {
            scope.spawn(&self.plan("speaker").share("words", words))?;
        }
        let failing = scope.spawn(&self.plan("failing"))?;
        let began_ns = self.clock.now_ns()?;
        let tasks = Tasks::new(&self.clock);
        let beats = tasks.clone();
        let beats = tasks.spawn(async move {
            for beat in 1..=5 {
                beats.until(began_ns + beat * BEAT_NS).await?;
            }
            Ok::<_, Error>(())
        });
        let nobody = tasks.timeout(began_ns + BEAT_NS, tasks.next(&hears_nobody));
        let spoken = both(sum(&tasks, &hears_left), sum(&tasks, &hears_right));
        let others = both(tasks.end(failing.actor()), nobody);
        let all = async { (both(spoken, others).await, beats.await) };
        let (((left, right), (end, nobody)), beats) =
            tasks.run(tasks.timeout(self.deadline_ns, async { Ok(all.await) }))??;
        beats?;
        if (left?, right?) != (WORDS * (WORDS + 1) / 2, WORDS * (WORDS + 1) / 2) {
            fault("a word was lost among tasks");
        }
        if !matches!(end?.reason, EndReason::Fault(_)) || nobody != Err(Error::TimedOut) {
            fault("a task was told what was not so");
        }
        if self.clock.now_ns()? < began_ns + 5 * BEAT_NS {
            fault("a task was woken before its moment");
        }
        Ok(())
    }
}

/// The sum of what one speaker says.
async fn sum<'a>(tasks: &Tasks<'a>, words: &'a Receiver<u64>) -> Result<u64, Error> {
    let mut sum = 0;
    for _ in 0..WORDS {
        sum += tasks.next(words).await?;
    }
    Ok(sum)
}
