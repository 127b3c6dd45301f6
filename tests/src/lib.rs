//! What the whole-kernel tests on the host share: the test modules packed as an image, and the
//! simulated machine that plays the cores.
//!
//! Does not hold tests: they are in `tests/`, the list of scenarios is in `scenarios/`.

pub mod carries;
pub mod fork_bomb;
pub mod gives_and_keeps;
pub mod image;
pub mod keeps_accounts;
pub mod measured;
pub mod over_quota;
pub mod random_calls;
mod requests;
pub mod sim;
pub mod stands_in;
pub mod supervisors;
