//! Snapshots as a picture in text: where the cores' time went, and how long messages waited and calls took.
//!
//! Invariants: shares are of one core, over the time between two snapshots; a bar's full length is its histogram's
//! largest row. Two snapshots between which the machine's time does not grow are of two boots, and nothing is drawn
//! between them. No number in a file is too large or too small: sums stay at the most that there is.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::{Recording, Snapshot, number, text};

/// How much of something, in eighths and none.
const LEVELS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Intervals, actors and endpoints that are drawn.
const COLUMNS: usize = 60;
const ACTORS: usize = 20;
const ENDPOINTS: usize = 8;
const BAR: u64 = 40;

/// What the snapshots show, the last one in full.
#[must_use]
pub fn picture(Recording { snapshots, dropped }: &Recording) -> String {
    let dropped = if dropped.is_empty() { String::new() } else { format!(", {} dropped", dropped.len()) };
    let Some(last) = snapshots.last() else { return format!("no whole snapshot yet{dropped}\n") };
    let mut out = String::new();
    let machine = &last.machine;
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        out,
        "{} snapshots{dropped}, the last at {}: {} cores, {} actors, {} KiB of kernel heap",
        snapshots.len(),
        time(last.time_ns),
        number(machine, "cores"),
        number(machine, "actors"),
        number(machine, "heap_bytes") / 1024,
    );
    shares(&mut out, snapshots);
    let mut busiest: Vec<&Value> = last.endpoints.iter().collect();
    busiest.sort_by_key(|endpoint| u64::MAX - number(endpoint, "delivered"));
    for endpoint in busiest.into_iter().take(ENDPOINTS) {
        let (name, slot) = (text(endpoint, "name"), number(endpoint, "slot"));
        let counts = ["offered", "delivered", "queued", "calls"].map(|one| number(endpoint, one));
        let [offered, delivered, queued, calls] = counts;
        let _ = writeln!(
            out,
            "\n{name}, slot {slot}: {offered} offered, {delivered} delivered, {queued} queued, {calls} calls"
        );
        for what in ["waits", "answers"] {
            histogram(&mut out, what, endpoint.get(what).unwrap_or(&Value::Null));
        }
    }
    out
}

/// Each actor's share of a core over time, who had most first.
fn shares(out: &mut String, snapshots: &[Snapshot]) {
    let pairs = snapshots.iter().zip(snapshots.iter().skip(1));
    let pairs: Vec<_> = pairs.filter(|(before, after)| before.time_ns < after.time_ns).collect();
    let pairs = pairs.get(pairs.len().saturating_sub(COLUMNS)..).unwrap_or_default();
    if pairs.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nCPU, a column each time between two snapshots, and the share in the last");
    let mut rows: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    for (column, (before, after)) in pairs.iter().enumerate() {
        let span_ns = after.time_ns.saturating_sub(before.time_ns).max(1);
        for actor in &after.actors {
            let earlier = before.actors.iter().find(|one| text(one, "id") == text(actor, "id"));
            let before_ns = earlier.map_or(0, |one| number(one, "cpu_ns"));
            let spent_ns = number(actor, "cpu_ns").saturating_sub(before_ns);
            let row = rows.entry((text(actor, "name"), text(actor, "id"))).or_default();
            row.resize(column, 0);
            row.push(spent_ns.saturating_mul(1000) / span_ns);
        }
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.iter_mut().for_each(|(_, row)| row.resize(pairs.len(), 0));
    rows.sort_by_key(|(_, row)| u64::MAX - row.iter().fold(0, |sum: u64, one| sum.saturating_add(*one)));
    for ((name, id), row) in rows.into_iter().take(ACTORS) {
        let line: String = row.iter().map(|per_mille| level(*per_mille)).collect();
        let last = row.last().copied().unwrap_or(0);
        let _ = writeln!(out, "{name:>16} {id:<6} {line} {}.{} %", last / 10, last % 10);
    }
}

/// Anything at all is seen.
fn level(per_mille: u64) -> char {
    let eighths = if per_mille == 0 { 0 } else { per_mille.saturating_mul(8).div_ceil(1000).min(8) };
    LEVELS.get(eighths as usize).copied().unwrap_or('?')
}

/// A histogram's quantiles, and a bar for each power of two.
fn histogram(out: &mut String, what: &str, histogram: &Value) {
    let count = number(histogram, "count");
    if count == 0 {
        return;
    }
    let [half, most, nearly_all, longest] =
        ["p50_ns", "p95_ns", "p99_ns", "max_ns"].map(|one| time(number(histogram, one)));
    let _ = writeln!(out, "  {what}: {count}, p50 {half}, p95 {most}, p99 {nearly_all}, max {longest}");
    let mut powers: BTreeMap<u32, u64> = BTreeMap::new();
    for bucket in histogram.get("buckets").and_then(Value::as_array).into_iter().flatten() {
        let part = |place: usize| bucket.get(place).and_then(Value::as_u64).unwrap_or(0);
        let count = powers.entry(part(0).checked_ilog2().unwrap_or(0)).or_default();
        *count = count.saturating_add(part(1));
    }
    let fullest = powers.values().copied().max().unwrap_or(1).max(1);
    for (power, count) in powers {
        let from = if power == 0 { time(0) } else { time(1 << power) };
        let bar = "█".repeat(count.saturating_mul(BAR).div_ceil(fullest) as usize);
        let _ = writeln!(out, "    from {from:>9} {bar} {count}");
    }
}

fn time(ns: u64) -> String {
    match ns {
        0..10_000 => format!("{ns} ns"),
        10_000..10_000_000 => format!("{} us", ns / 1_000),
        10_000_000..10_000_000_000 => format!("{} ms", ns / 1_000_000),
        _ => format!("{}.{} s", ns / 1_000_000_000, ns / 100_000_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    fn snapshot(time_ns: u64, busy_ns: u64) -> String {
        let waits = r#""waits":{"count":6,"p50_ns":319,"p95_ns":5000,"p99_ns":5000,"max_ns":5000,"buckets":[[256,4],[320,1],[4096,1]]}"#;
        [
            format!(r#"{{"t":{time_ns},"kind":"machine","cores":2,"actors":2,"heap_bytes":4096}}"#),
            format!(r#"{{"t":{time_ns},"kind":"actor","name":"busy","id":"3.1","cpu_ns":{busy_ns}}}"#),
            format!(r#"{{"t":{time_ns},"kind":"actor","name":"idle","id":"4.1","cpu_ns":7}}"#),
            format!(r#"{{"t":{time_ns},"kind":"endpoint","name":"busy","slot":2,"delivered":6,{waits}}}"#),
            format!("{{\"t\":{time_ns},\"kind\":\"end\",\"lines\":4}}\n"),
        ]
        .join("\n")
    }

    #[test]
    fn shares_are_drawn_over_time_and_waits_as_bars() {
        let file = snapshot(1000, 0) + &snapshot(2000, 500) + &snapshot(3000, 1500);
        let picture = picture(&read(&file));
        assert!(
            picture.starts_with("3 snapshots, the last at 3000 ns: 2 cores, 2 actors, 4 KiB"),
            "{picture}"
        );
        assert!(picture.contains("busy 3.1    ▄█ 100.0 %"), "{picture}");
        assert!(picture.contains("idle 4.1    ·· 0.0 %"), "{picture}");
        assert!(picture.contains("waits: 6, p50 319 ns, p95 5000 ns, p99 5000 ns, max 5000 ns"), "{picture}");
        assert!(picture.contains(&format!("from    256 ns {} 5\n", "█".repeat(40))), "{picture}");
        assert!(picture.contains(&format!("from   4096 ns {} 1\n", "█".repeat(8))), "{picture}");
    }

    #[test]
    fn a_file_may_span_a_reboot_and_nothing_is_drawn_across_it() {
        let boots = snapshot(5000, 4000) + &snapshot(1000, 0) + &snapshot(2000, 500) + &snapshot(2000, 400);
        let picture = picture(&read(&boots));
        assert!(picture.contains("busy 3.1    ▄ 50.0 %"), "{picture}");
        assert!(picture.contains("idle 4.1    · 0.0 %"), "{picture}");
        // The same, where the second boot was recorded later than the first.
        let later = snapshot(1000, 4000) + &snapshot(2000, 500);
        assert!(super::picture(&read(&later)).contains("busy 3.1    · 0.0 %"));
    }

    #[test]
    fn no_number_is_too_large() {
        // Two counts of one power of two, whose sum is too large.
        let counts = format!("[256,{0}],[320,{0}]", u64::MAX);
        let times = [(1000, 0), (1001, 600), (1002, 0), (1003, 600)];
        let file: String = times.into_iter().map(|(time_ns, busy_ns)| snapshot(time_ns, busy_ns)).collect();
        let file = file.replace("600", &u64::MAX.to_string()).replace("[256,4],[320,1]", &counts);
        assert!(picture(&read(&file)).contains("busy 3.1    █·█"));
        let none = snapshot(1, 1).replace("[[256,4],[320,1],[4096,1]]", "[[0,0]]");
        assert!(picture(&read(&none)).contains("from      0 ns  0"));
    }

    #[test]
    fn how_many_were_dropped_is_said() {
        let torn = "{\"t\":5,\n";
        assert!(
            picture(&read(&(torn.to_owned() + &snapshot(1, 1))))
                .starts_with("1 snapshots, 1 dropped, the last at")
        );
        assert_eq!(picture(&read(torn)), "no whole snapshot yet, 1 dropped\n");
    }

    #[test]
    fn one_snapshot_has_no_shares_and_none_says_so() {
        assert!(!picture(&read(&snapshot(1, 1))).contains("CPU"));
        assert_eq!(picture(&Recording::default()), "no whole snapshot yet\n");
    }
}
