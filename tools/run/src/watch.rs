//! Reads the guest's console along with the person: the ready text, and the epitaph.
//!
//! Owns: the current line, bounded, and what was found. The ready text counts anywhere in a line, as soon
//! as it is there (a prompt has no newline). An epitaph begins a line with `EPITAPH`, so nothing that a
//! shell echoes after its prompt can look like one. It forwards nothing: its caller does.

/// The text by which the kernel says that its console takes input.
pub const READY: &str = "console ready";

const EPITAPH: &[u8] = b"EPITAPH";
const LINE_BYTES: usize = 4096;
const EPITAPH_LINES: usize = 40;

/// What the console has said so far.
pub(crate) struct Watch {
    ready_text: Vec<u8>,
    line: Vec<u8>,
    ready: bool,
    epitaph: Vec<String>,
}

impl Watch {
    /// Watches for `ready_text`; an empty one is there from the start.
    pub fn new(ready_text: &str) -> Self {
        Self {
            ready_text: ready_text.into(),
            line: Vec::new(),
            ready: ready_text.is_empty(),
            epitaph: Vec::new(),
        }
    }

    /// Takes in what the guest printed, in any pieces.
    pub fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                b'\r' => {}
                _ if self.line.len() < LINE_BYTES => self.line.push(byte),
                _ => {}
            }
        }
        self.look_for_ready();
    }

    /// Whether the ready text has come since the start or the last [`Watch::restart`].
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether the kernel has begun its epitaph.
    pub fn is_dead(&self) -> bool {
        !self.epitaph.is_empty() || self.line.starts_with(EPITAPH)
    }

    /// The guest starts anew, and with it the waiting for its console.
    pub fn restart(&mut self) {
        self.line.clear();
        self.ready = self.ready_text.is_empty();
    }

    /// The epitaph and what followed it, once nothing more comes.
    pub fn into_epitaph(mut self) -> Option<String> {
        self.end_line();
        (!self.epitaph.is_empty()).then(|| self.epitaph.join("\n"))
    }

    fn end_line(&mut self) {
        self.look_for_ready();
        let line = std::mem::take(&mut self.line);
        let of_epitaph = line.starts_with(EPITAPH) || !self.epitaph.is_empty();
        if of_epitaph && !line.is_empty() && self.epitaph.len() < EPITAPH_LINES {
            self.epitaph.push(String::from_utf8_lossy(&line).into_owned());
        }
    }

    fn look_for_ready(&mut self) {
        // `max(1)`: windows of no length would panic, and an empty text is ready already.
        let width = self.ready_text.len().max(1);
        self.ready = self.ready || self.line.windows(width).any(|window| window == self.ready_text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(pieces: &[&str]) -> Watch {
        let mut watch = Watch::new(READY);
        pieces.iter().for_each(|piece| watch.feed(piece.as_bytes()));
        watch
    }

    #[test]
    fn ready_text_counts_in_pieces_and_without_newline() {
        assert!(fed(&["boot\r\n[0.1] conso", "le re", "ady"]).is_ready());
    }

    #[test]
    fn ready_text_across_lines_is_none() {
        assert!(!fed(&["console\nready\n"]).is_ready());
    }

    #[test]
    fn ready_text_inside_one_piece_of_many_lines_counts() {
        assert!(fed(&["a\nconsole ready\nb\n"]).is_ready());
    }

    #[test]
    fn restart_waits_again() {
        let mut watch = fed(&["console ready\n"]);
        watch.restart();
        assert!(!watch.is_ready());
        watch.feed(b"console ready");
        assert!(watch.is_ready());
    }

    #[test]
    fn empty_ready_text_waits_for_nothing() {
        assert!(Watch::new("").is_ready());
    }

    #[test]
    fn epitaph_is_kept_with_what_follows() {
        let watch = fed(&["x\r\nEPITAPH panic at a.rs:1\r\n  core 2", "\r\n\r\nlast"]);
        assert!(watch.is_dead());
        assert_eq!(watch.into_epitaph().as_deref(), Some("EPITAPH panic at a.rs:1\n  core 2\nlast"));
    }

    #[test]
    fn echoed_word_is_no_epitaph() {
        let watch = fed(&["tessera> echo EPITAPH\n"]);
        assert!(!watch.is_dead());
        assert_eq!(watch.into_epitaph(), None);
    }

    #[test]
    fn endless_line_stays_bounded() {
        let mut watch = Watch::new(READY);
        watch.feed(&vec![b'x'; 1 << 20]);
        assert_eq!(watch.line.len(), LINE_BYTES);
    }
}
