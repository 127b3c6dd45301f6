//! The command that shows how long messages wait and calls take.
//!
//! Invariant: an endpoint is shown once, with who receives there; of several the last actor, since who makes an
//! endpoint is there before those to whom it is handed.
//! Does not: measure, or make up what was not measured.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use actor_sdk::abi::inspect::{ActorRecord, EndpointRecord};
use actor_sdk::abi::{Histogram, LatencyRecord};
use actor_sdk::{ObjectKind, Rights};

use super::Trouble;
use crate::Shell;
use crate::format::{table, time};

/// How many endpoints are shown.
const ENDPOINTS: usize = 20;

pub fn stats(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["on"] => Ok(shell.system.set_stats(true)?),
        ["off"] => Ok(shell.system.set_stats(false)?),
        [] => endpoints(shell),
        _ => Err(Trouble::Usage),
    }
}

/// An endpoint, who receives there, and what was measured.
struct Measured {
    actor: ActorRecord,
    endpoint: EndpointRecord,
    latency: LatencyRecord,
}

fn endpoints(shell: &mut Shell) -> Result<(), Trouble> {
    let mut rows = Vec::from([head()]);
    rows.extend(busiest(shell).iter().take(ENDPOINTS).map(row));
    let said = if rows.len() > 1 {
        table(&rows)
    } else if shell.system.stats()?.is_on() {
        "nothing was delivered yet\n".into()
    } else {
        "nothing was measured; `stats on` begins\n".into()
    };
    Ok(shell.terminal.write(&said)?)
}

/// The endpoints at which anything was measured, those with the most deliveries first.
fn busiest(shell: &Shell) -> Vec<Measured> {
    let mut all: BTreeMap<u32, Measured> = BTreeMap::new();
    for actor in shell.system.actors() {
        let received_from: Vec<u32> = shell
            .system
            .capabilities(&actor)
            .filter(|one| one.info.kind == ObjectKind::Endpoint && one.info.rights.contains(Rights::RECEIVE))
            .map(|one| one.slot)
            .collect();
        let latencies = shell.system.latencies(&actor);
        for (endpoint, latency) in shell.system.endpoints(&actor).zip(latencies) {
            // An actor that changes its table between the two readings is looked at again next time.
            let same = endpoint.slot == latency.slot && received_from.contains(&endpoint.slot);
            if same && latency.waits.total() > 0 {
                all.insert(latency.endpoint, Measured { actor, endpoint, latency });
            }
        }
    }
    let mut all: Vec<Measured> = all.into_values().collect();
    all.sort_by_key(|one| u64::MAX - one.latency.waits.total());
    all
}

fn head() -> Vec<String> {
    let mut head = Vec::from(["ACTOR", "SLOT", "MOST"].map(String::from));
    for what in ["WAITED", "ANSWERED"] {
        head.extend([what, "P50", "P95", "P99", "MAX"].map(String::from));
    }
    head
}

fn row(one: &Measured) -> Vec<String> {
    let Measured { actor, endpoint, latency } = one;
    let mut row =
        Vec::from([actor.name.to_string(), endpoint.slot.to_string(), endpoint.high_water.to_string()]);
    for histogram in [&latency.waits, &latency.answers] {
        row.push(histogram.total().to_string());
        row.extend(quantiles(histogram));
    }
    row
}

/// The median, two that few exceed, and the longest.
fn quantiles(histogram: &Histogram) -> [String; 4] {
    if histogram.total() == 0 {
        return ["-", "-", "-", "-"].map(String::from);
    }
    [500, 950, 990, 1000].map(|per_mille| time(histogram.quantile_ns(per_mille)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run;
    use crate::tests::{actor, machine, shown};
    use actor_sdk::Policy;
    use actor_sdk::abi::inspect::{CapabilityInfo, CapabilityRecord};
    use actor_sdk::abi::{ActorState, GrantState, Name, SlotName, Usage};
    use actor_sdk::fake::Kernel;

    /// An endpoint with the number of its slot.
    fn endpoint(kernel: &mut Kernel, owner: u32, slot: u32, rights: Rights, times_ns: &[u64]) {
        let info = CapabilityInfo {
            kind: ObjectKind::Endpoint,
            state: GrantState::Usable,
            usage: Usage::Used,
            reserved: 0,
            rights,
            badge: 0,
        };
        let (name, target) = (SlotName::EMPTY, Name::EMPTY);
        kernel.add_capability(owner, CapabilityRecord { slot, generation: 1, name, info, object: 0, target });
        let count = times_ns.len() as u64;
        kernel.add_endpoint(
            owner,
            EndpointRecord {
                slot,
                policy: Policy::Block,
                capacity: 4,
                high_water: 3,
                offered: count,
                delivered: count,
                rejected: 0,
                dropped: 0,
                withdrawn: 0,
                discarded: 0,
                queued: 0,
                blocked: 0,
                calls: 0,
                replied: 0,
                caller_gone: 0,
                callee_gone: 0,
                outstanding: 0,
            },
        );
        let mut waits = Histogram::EMPTY;
        times_ns.iter().for_each(|ns| waits.note(*ns));
        kernel.add_latency(owner, LatencyRecord { slot, endpoint: slot, waits, answers: Histogram::EMPTY });
    }

    #[test]
    fn stats_lists_endpoints_at_their_receivers_the_busiest_first() {
        let text = shown("stats\n", |kernel| {
            kernel.add_actor(actor(3, "few", ActorState::Running));
            kernel.add_actor(actor(4, "many", ActorState::Running));
            endpoint(kernel, 3, 1, Rights::ALL, &[1000]);
            endpoint(kernel, 3, 2, Rights::ALL, &[1000, 2000, 70_000]);
            endpoint(kernel, 4, 2, Rights::RECEIVE, &[1000, 2000, 70_000]);
            endpoint(kernel, 4, 5, Rights::SEND, &[5, 5, 5, 5, 5, 5]);
            endpoint(kernel, 4, 6, Rights::ALL, &[]);
        });
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("   ")).map(str::trim).collect();
        let expected = [
            "many      2     3       3  2047 ns    70 us    70 us    70 us         0  -    -    -    -",
            "few       1     3       1  1000 ns  1000 ns  1000 ns  1000 ns         0  -    -    -    -",
        ];
        assert_eq!(lines.get(1..).unwrap_or_default(), expected, "{text}");
    }

    #[test]
    fn stats_is_switched_on_and_off_and_says_when_there_is_nothing() {
        for (typed, on, said) in [
            ("stats on\nstats\n", true, "nothing was delivered yet"),
            ("stats on\nstats off\nstats\n", false, "nothing was measured"),
            ("stats maybe\n", false, "usage: stats"),
        ] {
            let (kernel, screen) = machine(typed);
            assert_eq!(run(), Err(actor_sdk::Error::Closed));
            assert_eq!(kernel.stats().is_on(), on, "{typed}");
            assert!(screen.borrow().contains(said), "{typed}");
        }
    }
}
