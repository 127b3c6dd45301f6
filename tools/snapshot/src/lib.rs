//! Snapshots of a machine: read from lines of JSON (docs/OBSERVING.md says which), and drawn.
//!
//! Owns: what makes lines a snapshot. Invariants: a snapshot is whole, from its `machine` to an `end` that counts its
//! lines; one that the end of the file cuts short is left out, as the machine may still be writing it. A line that is
//! wrong, because the writer ended or the machine was reset in the middle of it, costs the snapshot it is in and no other.
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

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// The whole snapshots, in the file's order.
    pub snapshots: Vec<Snapshot>,
    /// Why each other that had begun was dropped.
    pub dropped: Vec<Problem>,
}

/// What is wrong with a snapshot, and in which line, from 1, that was seen.
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
    /// It begins a snapshot before another has ended.
    CutShort,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: ", self.line)?;
        match &self.what {
            What::NotJson(why) => write!(formatter, "not JSON: {why}"),
            What::Lacks(member) => write!(formatter, "it has no `{member}`"),
            What::Miscounted(lines) => write!(formatter, "the snapshot has {lines} lines before its end"),
            What::Astray => write!(formatter, "it belongs to no snapshot that has begun"),
            What::CutShort => write!(formatter, "the snapshot before it has no end"),
        }?;
        write!(formatter, ", snapshot dropped")
    }
}

/// Reads a file's lines; a last one without a line's end is not looked at.
#[must_use]
pub fn read(text: &str) -> Recording {
    let mut reader = Reader::default();
    let end = text.rfind('\n').unwrap_or(0);
    for (index, line) in text.get(..end).unwrap_or_default().lines().enumerate() {
        if let Err(what) = reader.take(line) {
            reader.dropped.push(Problem { line: index + 1, what });
        }
    }
    Recording { snapshots: reader.whole, dropped: reader.dropped }
}

/// A file's lines so far.
#[derive(Default)]
struct Reader {
    whole: Vec<Snapshot>,
    dropped: Vec<Problem>,
    open: Option<Snapshot>,
    /// Whether lines are what is left of a snapshot that was dropped.
    passes: bool,
}

impl Reader {
    /// Takes one line into the snapshot that is open, or opens or ends one. An error drops the one that is open.
    fn take(&mut self, line: &str) -> Result<(), What> {
        if line.is_empty() {
            return Ok(());
        }
        let line = match Line::parse(line) {
            Ok(line) if line.kind == "machine" => return self.begin(line),
            _ if self.passes => return Ok(()),
            line => line,
        };
        // Until it has turned out to be right.
        self.passes = true;
        let open = self.open.take();
        let line = line?;
        let mut snapshot = open.filter(|open| open.time_ns == line.time_ns).ok_or(What::Astray)?;
        if line.kind == "end" {
            self.whole.push(snapshot.ended(&line)?);
        } else {
            snapshot.add(line);
            self.open = Some(snapshot);
        }
        self.passes = false;
        Ok(())
    }

    /// Begins a snapshot.
    fn begin(&mut self, machine: Line) -> Result<(), What> {
        self.passes = false;
        let Line { time_ns, value, .. } = machine;
        let begun = Snapshot { time_ns, machine: value, lines: 1, ..Snapshot::default() };
        self.open.replace(begun).map_or(Ok(()), |_| Err(What::CutShort))
    }
}

impl Snapshot {
    fn add(&mut self, line: Line) {
        self.lines += 1;
        match line.kind.as_str() {
            "core" => self.cores.push(line.value),
            "actor" => self.actors.push(line.value),
            "endpoint" => self.endpoints.push(line.value),
            _ => {}
        }
    }

    /// It whole, if its last line says so.
    fn ended(self, end: &Line) -> Result<Self, What> {
        if number(&end.value, "lines") == self.lines { Ok(self) } else { Err(What::Miscounted(self.lines)) }
    }
}

/// A line, with what each has.
struct Line {
    kind: String,
    time_ns: u64,
    value: Value,
}

impl Line {
    fn parse(line: &str) -> Result<Self, What> {
        let value: Value = serde_json::from_str(line).map_err(|error| What::NotJson(error.to_string()))?;
        let kind = value.get("kind").and_then(Value::as_str).ok_or(What::Lacks("kind"))?.to_owned();
        let time_ns = value.get("t").and_then(Value::as_u64).ok_or(What::Lacks("t"))?;
        Ok(Self { kind, time_ns, value })
    }
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
        let read = read(&(lines.join("\n") + "\n"));
        assert_eq!(read.dropped.len(), 1, "{:?}", read.dropped);
        read.dropped[0].clone()
    }

    #[test]
    fn whole_snapshots_are_read_and_a_cut_one_is_left_out() {
        let file = ["", MACHINE, ACTOR, END, "", MACHINE, ACTOR, r#"{"t":5,"ki"#].join("\n");
        let Recording { snapshots, dropped } = read(&file);
        assert_eq!((snapshots.len(), snapshots[0].time_ns, snapshots[0].actors.len()), (1, 5, 1));
        assert_eq!((dropped, read("").snapshots.len()), (Vec::new(), 0));
        let unknown = [MACHINE, r#"{"t":5,"kind":"new"}"#, END].join("\n") + "\n";
        assert_eq!(read(&unknown).snapshots.len(), 1);
    }

    #[test]
    fn what_is_wrong_costs_the_snapshot_that_it_is_in_and_is_told() {
        let torn = r#"{"t":5,"ki"#;
        let stuck = torn.to_owned() + MACHINE;
        for (lost, line) in [
            // Torn within a line, by an end that left the next snapshot on a line of its own.
            (Vec::from([MACHINE, torn, ""]), 5),
            // The same, and nothing between it and the next, which is lost with it.
            (Vec::from([MACHINE, stuck.as_str(), ACTOR, END]), 5),
            // Torn between two lines.
            (Vec::from([MACHINE, ACTOR]), 6),
            // What follows a bad line belongs to what was dropped.
            (Vec::from([MACHINE, "{,}", ACTOR, "{", END]), 5),
        ] {
            let file =
                [&[MACHINE, ACTOR, END], lost.as_slice(), &[MACHINE, ACTOR, END, ""]].concat().join("\n");
            let Recording { snapshots, dropped } = read(&file);
            assert_eq!(snapshots.len(), 2, "{lost:?}");
            assert_eq!(dropped.iter().map(|one| one.line).collect::<Vec<_>>(), [line], "{lost:?}");
            assert!(dropped[0].to_string().ends_with(", snapshot dropped"), "{}", dropped[0]);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        assert_eq!(problem(&[MACHINE, END]), Problem { line: 2, what: What::Miscounted(1) });
        assert_eq!(problem(&[ACTOR]), Problem { line: 1, what: What::Astray });
        assert_eq!(problem(&[MACHINE, MACHINE]), Problem { line: 2, what: What::CutShort });
        let other = r#"{"t":6,"kind":"actor"}"#;
        assert_eq!(problem(&[MACHINE, other]), Problem { line: 2, what: What::Astray });
        assert_eq!(problem(&[r#"{"t":5}"#]).what, What::Lacks("kind"));
        assert_eq!(problem(&[r#"{"kind":"end"}"#]).what, What::Lacks("t"));
        assert!(matches!(problem(&["{,}"]).what, What::NotJson(_)));
    }
}
