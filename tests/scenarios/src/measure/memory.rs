//! The memory of a program in Rust: a message record at address 0, and room for what is long.

use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::Message;
use tessera_core::engine::{Fuel, Guest, OutOfBounds};

/// Where the room begins.
pub const BULK: u32 = 4096;

/// See the module.
pub struct Memory {
    record: [u8; Message::SIZE],
    bulk: Vec<u8>,
}

impl Memory {
    /// With so much room.
    pub fn new(bulk_bytes: usize) -> Self {
        Memory { record: Message::EMPTY.encode(), bulk: vec![0; bulk_bytes] }
    }

    pub fn word(&self, at: u32) -> u64 {
        let mut bytes = [0; 8];
        // The places lie inside the record; otherwise the answer is wrong, and found to be.
        let _inside = self.read(at, &mut bytes);
        u64::from_le_bytes(bytes)
    }

    pub fn set_word(&mut self, at: u32, word: u64) {
        let _inside = self.write(at, &word.to_le_bytes());
    }

    /// Writes the record anew.
    pub fn set_message(&mut self, message: &Message) {
        self.record = message.encode();
    }
}

impl Guest for Memory {
    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds> {
        let (part, start) =
            if at < BULK { (self.record.as_slice(), at) } else { (self.bulk.as_slice(), at - BULK) };
        let end = (start as usize).checked_add(into.len()).ok_or(OutOfBounds)?;
        into.copy_from_slice(part.get(start as usize..end).ok_or(OutOfBounds)?);
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        let (part, start) =
            if at < BULK { (self.record.as_mut_slice(), at) } else { (self.bulk.as_mut_slice(), at - BULK) };
        let end = (start as usize).checked_add(bytes.len()).ok_or(OutOfBounds)?;
        part.get_mut(start as usize..end).ok_or(OutOfBounds)?.copy_from_slice(bytes);
        Ok(())
    }

    fn len_bytes(&self) -> u64 {
        u64::from(BULK) + self.bulk.len() as u64
    }

    // A program in Rust uses no fuel: its quantum never gets less.
    fn fuel_left(&self) -> Fuel {
        Fuel(0)
    }

    fn shorten(&mut self, _: Fuel) -> Fuel {
        Fuel(0)
    }
}
