//! Placeholder until its first part lands.
fn main() {}
