//! What the modules that are made from the ABI's records are made of: spawn requests, handles, data segments.

use tessera_abi::{Handle, Name, Priority, Shape, SpawnCap, SpawnHead, SpawnRequest};

/// The request for an actor of 128 KiB that is called as its module.
pub fn spawn_request(module: &str, shape: Shape, caps: &[SpawnCap], args: &str) -> Vec<u8> {
    let head = SpawnHead {
        name: Name::new_truncated(module),
        module: Name::new_truncated(module),
        shape,
        priority: Priority::Normal,
        cap_count: 0,
        args_len_bytes: 0,
        memory_max_bytes: 1 << 17,
        stack_max_bytes: 0,
        slots_max: 0,
        end_notification: Handle::NONE,
        end_bits: 0,
    };
    let mut bytes = vec![0; SpawnRequest::MAX_BYTES];
    let len = SpawnRequest::encode(head, caps, args, &mut bytes).unwrap_or_default();
    bytes.truncate(len);
    bytes
}

/// The first handle of a slot.
pub fn slot(index: u32) -> Handle {
    Handle::new(Handle::FIRST_GENERATION, index)
}

/// Bytes as a data segment's text has them.
pub fn data(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}\\{byte:02x}"))
}
