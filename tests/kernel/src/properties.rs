//! What only a machine with interrupts and several cores can show of the scheduler.
//!
//! Each property is shown by counts, so that a slow host changes nothing; lateness is looked at only in
//! `lateness`, which the tests run under a counted clock.

use crate::{config, line};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use khal::cpu::{self, CoreId};
use khal::sync::atomic::Ordering;
use tessera_abi::{EndReason, ObjectKind, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::kernel::Config;
use tessera_scenarios::stage::{Failure, Stage, authority, endpoint, failure};
use tessera_scenarios::{Verdict, check};

/// A property: its name, the kernel it wants, and what shows it.
pub struct Property {
    /// What the options line calls it.
    pub name: &'static str,
    /// The kernel's configuration.
    pub config: fn() -> Config,
    /// The play.
    pub play: fn(&mut Stage<'_>) -> Verdict,
}

/// Every property.
pub const PROPERTIES: &[Property] = &[
    Property { name: "all_cores_schedule", config, play: all_cores_schedule },
    Property { name: "idle_cores_steal", config, play: idle_cores_steal },
    Property { name: "nobody_holds_a_core", config, play: nobody_holds_a_core },
    Property { name: "preempted_every_50_us", config: hurried, play: preempted_every_50_us },
    Property { name: "lateness", config, play: lateness },
];

fn hurried() -> Config {
    khal::time::set_grace(Duration::from_micros(20));
    Config { slice: Duration::from_micros(50), ..config() }
}

fn kill_all(stage: &mut Stage<'_>, actors: &[Arc<Actor>]) -> Verdict {
    for actor in actors {
        actor.kill();
    }
    for actor in actors {
        stage.ends(actor, EndReason::Killed)?;
    }
    Ok(())
}

fn endless_on_every_core(stage: &mut Stage<'_>, modules: &[&str]) -> Result<Vec<Arc<Actor>>, Failure> {
    let mut endless = Vec::new();
    for module in modules {
        for _ in 0..cpu::count() {
            endless.push(stage.main(module, vec![])?);
        }
    }
    Ok(endless)
}

fn switches(stage: &Stage<'_>, core: CoreId) -> u64 {
    stage.kernel.scheduler().core(core).tally().switches.load(Ordering::Relaxed)
}

fn all_cores_schedule(stage: &mut Stage<'_>) -> Verdict {
    let endless = endless_on_every_core(stage, &["forever", "forever"])?;
    let kernel = stage.kernel.clone();
    stage.until("every core has switched to an actor often, by its own timer", || {
        cpu::all().all(|core| {
            kernel.scheduler().core(core).tally().switches.load(Ordering::Relaxed) > 20
                && cpu::stats(core).timer_ticks > 20
        })
    })?;
    kill_all(stage, &endless)
}

/// Actors are spread over all cores, then all but the boot core's are ended: the others must come and
/// take from it. How many are on which core is the cores' own affair, so it may take some rounds.
fn idle_cores_steal(stage: &mut Stage<'_>) -> Verdict {
    let kernel = stage.kernel.clone();
    let steals = move |core: CoreId| kernel.scheduler().core(core).tally().steals.load(Ordering::Relaxed);
    let all_have = || cpu::all().filter(|core| *core != CoreId::BOOT).all(|core| steals(core) > 0);
    for _ in 0..50 {
        let endless = endless_on_every_core(stage, &["forever"; 8])?;
        let (stay, go): (Vec<_>, Vec<_>) =
            endless.into_iter().partition(|actor| actor.home() == CoreId::BOOT);
        kill_all(stage, &go)?;
        for _ in 0..20 {
            (stage.run)();
        }
        kill_all(stage, &stay)?;
        if all_have() {
            return Ok(());
        }
    }
    check!(all_have(), "not every other core has ever stolen");
    Ok(())
}

/// An endless loop, a huge `memory.fill` and slow instantiations on every core: peers of the same
/// priority still run, again and again, and switches are forced where no safe point comes.
fn nobody_holds_a_core(stage: &mut Stage<'_>) -> Verdict {
    let endless = endless_on_every_core(stage, &["forever", "fill_forever"])?;
    let forced = || cpu::all().map(|core| cpu::stats(core).forced_switches).collect::<Vec<_>>();
    let before = forced();
    let began = cpu::all().map(|core| switches(stage, core)).sum::<u64>();
    for _ in 0..3 {
        let mut peers = Vec::new();
        for _ in 0..cpu::count() {
            peers.push(stage.main("large", vec![])?);
            peers.push(stage.main("sleeps", vec![authority(ObjectKind::Clock)?])?);
            peers.push(stage.main("burn_short", vec![])?);
        }
        for peer in &peers {
            stage.ends(peer, EndReason::Exited(0))?;
        }
    }
    stage.until("a switch was forced on every core", || {
        forced().iter().zip(&before).all(|(now, before)| now > before)
    })?;
    let switched = cpu::all().map(|core| switches(stage, core)).sum::<u64>() - began;
    check!(switched > 0, "nobody was switched to");
    kill_all(stage, &endless)
}

/// Calls, allocations and ends on all cores while the slice is 50 µs: everything completes and adds up.
fn preempted_every_50_us(stage: &mut Stage<'_>) -> Verdict {
    for _ in 0..3 {
        let mut servers = Vec::new();
        let mut clients = Vec::new();
        for _ in 0..2 * cpu::count() {
            let door = endpoint(2)?;
            let server = vec![door.derive(Rights::ALL, 0)?];
            servers.push(stage.actor("adder", Shape::Handler, Priority::Normal, server)?);
            for _ in 0..2 {
                clients.push(stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?);
            }
            clients.push(stage.main("grows", vec![])?);
            clients.push(stage.main("burn_short", vec![])?);
        }
        for client in &clients {
            stage.ends(client, EndReason::Exited(0))?;
        }
        kill_all(stage, &servers)?;
    }
    khal::time::set_grace(Duration::from_millis(1));
    let preempted = cpu::all().map(|core| cpu::stats(core).forced_switches).sum::<u64>();
    check!(preempted > 0, "no switch was forced");
    check!(stage.kernel.leaks() == 0, "an actor left charged memory behind");
    Ok(())
}

/// A 10 ms periodic actor beside an endless loop, and one that fills memory, on every core: nobody but those
/// two is ever before it, once each, and a turn ends by its slice and grace. Means something only under a
/// counted clock.
fn lateness(stage: &mut Stage<'_>) -> Verdict {
    let endless = endless_on_every_core(stage, &["forever", "fill_forever"])?;
    let periodic = stage.main("periodic", vec![authority(ObjectKind::Clock)?])?;
    line::watch(&periodic);
    let end = stage.end_of(&periodic)?;
    let seen = line::seen();
    let EndReason::Exited(late_us) = end.reason else {
        return Err(failure(format_args!("the periodic actor ended: {:?}", end.reason)));
    };
    crate::say(format_args!("30 periods, the latest {late_us} us late: {seen:?}"));
    check!(seen.turns > 30, "it was switched to {} times in 30 periods", seen.turns);
    check!(seen.passed_most <= 2, "its core gave {} turns to others while it was ready", seen.passed_most);
    if cpu::count() == 1 {
        alone(late_us, &seen)?;
    }
    kill_all(stage, &endless)
}

/// What time says of it where one thread of the host plays one core. Where it plays several in turn, a core
/// stands still meanwhile, also one whose lock another core waits for: only counts are the kernel's own.
fn alone(late_us: i32, seen: &line::Seen) -> Verdict {
    // Each of the two before it holds the core for a slice and the grace, and the switch itself is far
    // below one more grace.
    let held_us = 10_000 + 1_000;
    check!(late_us <= 2 * held_us + 1_000, "{late_us} us late, more than two turns and a grace");
    check!(seen.ticks_most <= 2, "a turn took {} timer interrupts, not slice and grace", seen.ticks_most);
    Ok(())
}
