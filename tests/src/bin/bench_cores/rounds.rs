//! The rounds: one alone, then one for each core together, again and again.

use std::sync::Arc;

use khal::cpu::{self, CoreId};
use khal::time;
use tessera_abi::{EndReason, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_figures::Figure;
use tessera_scenarios::measure::Programs;
use tessera_scenarios::stage::endpoint;
use tessera_scenarios::{Failure, Stage};
use tessera_tests::measured::kernel;

const ROUNDS: usize = 21;

/// What is done once a core: a client's module, and its server's if it has one.
struct Work {
    label: &'static str,
    programs: Programs,
    client: &'static str,
    server: Option<&'static str>,
}

const WORKS: [Work; 3] = [
    Work {
        label: "call/reply pairs, kernel part",
        programs: Programs::Native,
        client: "calls_many",
        server: Some("answers"),
    },
    Work {
        label: "call/reply pairs, tinywasm",
        programs: Programs::Wasm,
        client: "adds_many",
        server: Some("adder"),
    },
    Work { label: "actors that compute", programs: Programs::Wasm, client: "burn_long", server: None },
];

/// All figures.
///
/// # Errors
/// The first thing that did not go as it should.
pub fn figures() -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for work in &WORKS {
        figures.extend(measure(work)?);
    }
    Ok(figures)
}

fn measure(work: &Work) -> Result<[Figure; 3], Failure> {
    let kernel = kernel(cpu::count(), work.programs, tessera_hostcall::host_calls)?;
    *super::KERNEL.lock() = Some(kernel.clone());
    let turning = kernel.clone();
    let mut run = || {
        super::turn(&turning, CoreId::BOOT, super::NAP);
        true
    };
    let mut stage = Stage { kernel, run: &mut run, rounds: ROUNDS, seed: 1 };
    let cores = cpu::count();
    let (mut ones, mut alls, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // The first round parses the modules.
    for round in 0..=ROUNDS {
        let (one, all) = (seconds(&mut stage, work, 1)?, seconds(&mut stage, work, cores)?);
        if round > 0 {
            ones.push(one * 1e3);
            alls.push(all * 1e3);
            ratios.push(cores as f64 * one / all);
        }
    }
    *super::KERNEL.lock() = None;
    let label = work.label;
    Ok([
        Figure::new(format!("{label}: one"), "ms", ones),
        Figure::new(format!("{label}: {cores} at once"), "ms", alls),
        Figure::new(format!("{label}: throughput of {cores} / one"), "ratio", ratios),
    ])
}

/// How long `count` of them take, from the first client's spawn to the last one's end.
fn seconds(stage: &mut Stage<'_>, work: &Work, count: usize) -> Result<f64, Failure> {
    let (mut servers, mut doors) = (Vec::new(), Vec::new());
    for module in std::iter::repeat_n(work.server, count).flatten() {
        let door = endpoint(2)?;
        servers.push(stage.actor(
            module,
            Shape::Handler,
            Priority::Normal,
            vec![door.derive(Rights::ALL, 0)?],
        )?);
        doors.push(door);
    }
    let settled = time::now() + super::NAP;
    stage.until("the servers rest", || time::now() > settled)?;
    let began = time::now();
    let mut clients: Vec<Arc<Actor>> = Vec::new();
    for at in 0..count {
        let caps = doors.get(at).map(|door| door.derive(Rights::SEND, 0)).transpose()?;
        clients.push(stage.main(work.client, caps.into_iter().collect())?);
    }
    for client in &clients {
        stage.ends(client, EndReason::Exited(0))?;
    }
    let took = time::now().since(began);
    for server in &servers {
        server.kill();
        stage.ends(server, EndReason::Killed)?;
    }
    Ok(took.as_secs_f64())
}
