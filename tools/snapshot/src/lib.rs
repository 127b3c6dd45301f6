//! Snapshots of a machine: read from lines of JSON (docs/OBSERVING.md says which), and drawn.
//!
//! Owns: what makes lines a snapshot. Invariant: a snapshot is whole, from its `machine` to an `end` that counts its
//! lines; one that the end of the file cuts short is left out, as the machine may still be writing it.
//! Does not: know every member. Lines of a kind that it does not know are counted and passed over.

mod picture;

use std::fmt;

use serde_json::Value;

pub use picture::picture;

/// What a machine told of itself at a moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The moment, in ns since boot.
    pub time_ns: u64,
    /// The line about the whole machine.
    pub machine: Value,
    /// One a core.
    pub cores: Vec<Value>,
    /// One an actor.
    pub actors: Vec<Value>,
    /// One an endpoint to which anything was ever sent.
    pub endpoints: Vec<Value>,
    lines: u64,
}

/// What is wrong with a file, and in which line, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line.
    pub line: usize,
    /// What.
    pub what: What,
}

/// What can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is no JSON.
    NotJson(String),
    /// It lacks a member that every line has.
    Lacks(&'static str),
    /// It ends a snapshot of so many lines and says another number.
    Miscounted(u64),
    /// It belongs to a snapshot that has not begun, or to another moment.
    Astray,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: ", self.line)?;
        match &self.what {
            What::NotJson(why) => write!(formatter, "not JSON: {why}"),
            What::Lacks(member) => write!(formatter, "it has no `{member}`"),
            What::Miscounted(lines) => write!(formatter, "the snapshot has {lines} lines before its end"),
            What::Astray => write!(formatter, "it belongs to no snapshot that has begun"),
        }
    }
}

/// The whole snapshots of a file, in its order.
///
/// # Errors
/// The first line that is wrong; a last one without a line's end is not looked at.
pub fn read(text: &str) -> Result<Vec<Snapshot>, Problem> {
    let mut whole = Vec::new();
    let mut open = None;
    let end = text.rfind('\n').unwrap_or(0);
    for (index, line) in text.get(..end).unwrap_or_default().lines().enumerate() {
        take(line, &mut open, &mut whole).map_err(|what| Problem { line: index + 1, what })?;
    }
    Ok(whole)
}

/// Takes one line into the snapshot that is open, or opens or ends one.
fn take(line: &str, open: &mut Option<Snapshot>, whole: &mut Vec<Snapshot>) -> Result<(), What> {
    let value: Value = serde_json::from_str(line).map_err(|error| What::NotJson(error.to_string()))?;
    let kind = value.get("kind").and_then(Value::as_str).ok_or(What::Lacks("kind"))?.to_owned();
    let time_ns = value.get("t").and_then(Value::as_u64).ok_or(What::Lacks("t"))?;
    if kind == "machine" {
        *open = Some(Snapshot { time_ns, machine: value, lines: 1, ..Snapshot::default() });
        return Ok(());
    }
    let snapshot = open.as_mut().filter(|snapshot| snapshot.time_ns == time_ns).ok_or(What::Astray)?;
    if kind == "end" {
        let lines = snapshot.lines;
        if number(&value, "lines") != lines {
            return Err(What::Miscounted(lines));
        }
        whole.extend(open.take());
        return Ok(());
    }
    snapshot.lines += 1;
    match kind.as_str() {
        "core" => snapshot.cores.push(value),
        "actor" => snapshot.actors.push(value),
        "endpoint" => snapshot.endpoints.push(value),
        _ => {}
    }
    Ok(())
}

/// A member that is a whole number; 0 where it is not there.
#[must_use]
pub fn number(value: &Value, member: &str) -> u64 {
    value.get(member).and_then(Value::as_u64).unwrap_or(0)
}

/// A member that is a text; empty where it is not there.
#[must_use]
pub fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = r#"{"t":5,"kind":"machine","cores":1}"#;
    const ACTOR: &str = r#"{"t":5,"kind":"actor","name":"a"}"#;
    const END: &str = r#"{"t":5,"kind":"end","lines":2}"#;

    fn problem(lines: &[&str]) -> Problem {
        read(&(lines.join("\n") + "\n")).unwrap_err()
    }

    #[test]
    fn whole_snapshots_are_read_and_a_cut_one_is_left_out() {
        let file = [MACHINE, ACTOR, END, MACHINE, ACTOR, r#"{"t":5,"ki"#].join("\n");
        let snapshots = read(&file).unwrap();
        assert_eq!((snapshots.len(), snapshots[0].time_ns, snapshots[0].actors.len()), (1, 5, 1));
        assert_eq!(read("").unwrap().len(), 0);
        let unknown = [MACHINE, r#"{"t":5,"kind":"new"}"#, END].join("\n") + "\n";
        assert_eq!(read(&unknown).unwrap().len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        assert_eq!(problem(&[MACHINE, END]), Problem { line: 2, what: What::Miscounted(1) });
        assert_eq!(problem(&[ACTOR]), Problem { line: 1, what: What::Astray });
        let other = r#"{"t":6,"kind":"actor"}"#;
        assert_eq!(problem(&[MACHINE, other]), Problem { line: 2, what: What::Astray });
        assert_eq!(problem(&[r#"{"t":5}"#]).what, What::Lacks("kind"));
        assert_eq!(problem(&[r#"{"kind":"end"}"#]).what, What::Lacks("t"));
        assert!(matches!(problem(&["{,}"]).what, What::NotJson(_)));
    }
}
