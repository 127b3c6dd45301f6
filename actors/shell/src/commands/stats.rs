//! Commands that show how long messages wait and calls take and where an actor's time goes, or have all recorded.
//!
//! Does not: measure, or make up what was not measured.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use actor_sdk::abi::inspect::ActorRecord;
use actor_sdk::abi::{ActivityRecord, Histogram, LineageRecord};
use actor_sdk::protocol::recorder;
use actor_sdk::{EndpointStats, Error, Outgoing};

use super::Trouble;
use super::actors::{ended, find};
use crate::Shell;
use crate::format::{ActorId, bytes, table, time};

/// How long a snapshot may take: what a slow serial line needs for some hundred actors.
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(60);

/// How many endpoints are shown.
const ENDPOINTS: usize = 20;

pub fn stats(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["on"] => Ok(shell.system.set_stats(true)?),
        ["off"] => Ok(shell.system.set_stats(false)?),
        [] => endpoints(shell),
        [wanted] => one_actor(shell, wanted),
        _ => Err(Trouble::Usage),
    }
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

/// All that there is to tell of one actor, and what was measured where it receives.
fn one_actor(shell: &mut Shell, wanted: &str) -> Result<(), Trouble> {
    let actor = find(shell, wanted)?;
    let (activity, lineage) = (shell.system.activity(&actor)?, shell.system.lineage(&actor)?);
    let mut text = table(&told(&actor, &activity, &lineage));
    let mut rows = Vec::from([head()]);
    let all = shell.system.endpoint_stats().filter(|one| one.actor.id == actor.id);
    rows.extend(all.filter(|one| one.latency.waits.total() > 0).map(|one| row(&one)));
    if rows.len() > 1 {
        text.push_str(&table(&rows));
    }
    Ok(shell.terminal.write(&text)?)
}

fn told(actor: &ActorRecord, activity: &ActivityRecord, lineage: &LineageRecord) -> Vec<Vec<String>> {
    let memory = format!("{} of {}", bytes(actor.memory_bytes), bytes(actor.memory_max_bytes));
    let rows = [
        ("actor", format!("{} {}, {}", ActorId(actor.id), actor.name, actor.state.name())),
        ("module", actor.module.to_string()),
        ("restarts", format!("{}, {} after faults", lineage.restarts, lineage.faults)),
        ("cpu", format!("{} in {} turns", time(actor.cpu_ns), activity.turns)),
        ("memory", memory),
        ("slots", actor.slots.to_string()),
        ("received", format!("{}, {} measured", actor.messages_in, bytes(activity.bytes_in))),
        ("sent", format!("{}, {} measured", actor.messages_out, bytes(activity.bytes_out))),
        ("ready", time(activity.ready_ns)),
        ("running", time(activity.running_ns)),
        ("blocked", time(activity.blocked_ns)),
        ("idle", time(activity.idle_ns)),
        ("suspended", time(activity.suspended_ns)),
    ];
    let before = format!("{}, {}", ActorId(lineage.before), ended(lineage.before_end));
    let before = (lineage.restarts > 0).then_some(("before", before));
    rows.into_iter().chain(before).map(|(name, value)| Vec::from([name.into(), value])).collect()
}

/// The endpoints at which anything was measured, those with the most deliveries first.
fn busiest(shell: &Shell) -> Vec<EndpointStats> {
    let all = shell.system.endpoint_stats();
    let mut busy: Vec<_> = all.filter(|one| one.latency.waits.total() > 0).collect();
    busy.sort_by_key(|one| u64::MAX - one.latency.waits.total());
    busy
}

fn head() -> Vec<String> {
    let mut head = Vec::from(["ACTOR", "SLOT", "MOST"].map(String::from));
    for what in ["WAITED", "ANSWERED"] {
        head.extend([what, "P50", "P95", "P99", "MAX"].map(String::from));
    }
    head
}

fn row(one: &EndpointStats) -> Vec<String> {
    let EndpointStats { actor, endpoint, latency } = one;
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

pub fn snapshot(shell: &mut Shell, _arguments: &[String]) -> Result<(), Trouble> {
    let until_ns = shell.clock.after(SNAPSHOT_LIMIT)?;
    let answer = shell
        .with_endpoint("recorder", |endpoint| endpoint.call(&Outgoing::new(recorder::RECORD), until_ns))?;
    let refused = u16::try_from(answer.word(0)).ok().and_then(Error::from_number);
    refused.map_or(Ok(()), Err)?;
    Ok(shell.terminal.write(&format!("{} lines are at the second serial port\n", answer.word(1)))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run;
    use crate::tests::{actor, machine, shown};
    use actor_sdk::abi::inspect::{CapabilityInfo, CapabilityRecord, EndpointRecord};
    use actor_sdk::abi::{ActorState, GrantState, LatencyRecord, Name, SlotName, Usage};
    use actor_sdk::fake::{Kernel, Parcel};
    use actor_sdk::protocol::supervisor;
    use actor_sdk::{Endpoint, ObjectKind, Policy, Rights};

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
    fn stats_of_an_actor_tells_where_its_time_goes() {
        let text = shown("stats many\n", |kernel| {
            let many = actor(4, "many", ActorState::Running);
            kernel.add_actor(actor(3, "few", ActorState::Running));
            kernel.add_actor(many);
            endpoint(kernel, 3, 1, Rights::ALL, &[1000]);
            endpoint(kernel, 4, 2, Rights::ALL, &[2000]);
            kernel.add_activity(ActivityRecord {
                index: 4,
                reserved: 0,
                id: many.id,
                ready_ns: 1,
                running_ns: 2,
                blocked_ns: 3,
                idle_ns: 4,
                suspended_ns: 5,
                bytes_in: 6,
                bytes_out: 7,
                turns: 8,
            });
        });
        for said in ["5000 ns in 8 turns", "received   0, 6 B", "sent       0, 7 B", "suspended  5 ns"] {
            let lines: Vec<String> =
                text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            let wanted = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(lines.iter().any(|line| line.contains(&wanted)), "{said}: {text}");
        }
        assert!(text.contains("many") && !text.contains("few"), "{text}");
    }

    #[test]
    fn a_snapshot_is_asked_for_and_what_came_of_it_said() {
        for (word, said) in [(0, "7 lines"), (Error::NotFound as u64, "not-found")] {
            let (mut kernel, screen) = machine("snapshot\n");
            kernel.grant::<Endpoint>("recorder");
            kernel.answer("recorder", move |asked| {
                assert_eq!(asked.label, recorder::RECORD);
                Ok(Parcel::new(recorder::RECORD).word(0, word).word(1, 7))
            });
            assert_eq!(run(), Err(Error::Closed));
            assert!(screen.borrow().contains(said), "{}", screen.borrow());
        }
    }

    #[test]
    fn a_recorder_that_has_returned_is_asked_at_its_new_endpoint() {
        let (mut kernel, screen) = machine("snapshot\nrenew recorder\nsnapshot\n");
        for name in ["recorder", "supervisor", "the new one"] {
            kernel.grant::<Endpoint>(name);
        }
        kernel.answer("recorder", |_| Err(Error::Closed));
        kernel.answer("the new one", |_| Ok(Parcel::new(recorder::RECORD).word(1, 7)));
        let given =
            kernel.carrying(Parcel::new(supervisor::GIVEN), "the new one", Rights::SEND.union(Rights::GRANT));
        kernel.answer("supervisor", move |asked| {
            if asked.text() == "recorder" { Ok(given.clone()) } else { Err(Error::Closed) }
        });
        assert_eq!(run(), Err(Error::Closed));
        let text = screen.borrow().clone();
        assert!(text.contains("(closed)") && text.contains("7 lines are at"), "{text}");
    }

    #[test]
    fn stats_is_switched_on_and_off_and_says_when_there_is_nothing() {
        for (typed, on, said) in [
            ("stats on\nstats\n", true, "nothing was delivered yet"),
            ("stats on\nstats off\nstats\n", false, "nothing was measured"),
            ("stats maybe\n", false, "no actor `maybe`"),
        ] {
            let (kernel, screen) = machine(typed);
            assert_eq!(run(), Err(actor_sdk::Error::Closed));
            assert_eq!(kernel.stats().is_on(), on, "{typed}");
            assert!(screen.borrow().contains(said), "{typed}");
        }
    }
}
