//! Kernels to be measured, on the host's real backend.

use std::sync::Arc;

use tessera_abi::Error;
use tessera_core::engine::Engine;
use tessera_core::kernel::{Config, HostFactory, Kernel};
use tessera_scenarios::Failure;
use tessera_scenarios::measure::{Programs, native};

/// A kernel of `cores` cores for these programs, whose host calls are made by `host`.
///
/// # Errors
/// `NotFound` when the programs cannot be had.
pub fn kernel(cores: usize, programs: Programs, host: HostFactory) -> Result<Arc<Kernel>, Failure> {
    let (engine, image): (Box<dyn Engine>, _) = match programs {
        Programs::Native => (Box::new(native::Native), native::image()),
        Programs::Wasm => (Box::new(tessera_wasm::Interpreter::new()), crate::image::test_image().ok()),
    };
    Ok(Kernel::new(cores, Config::default(), image.ok_or(Error::NotFound)?, engine, host))
}
