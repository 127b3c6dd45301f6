//! The two macros that export an actor's entry point.
//!
//! Owns: the only names that an actor exports. They stand here because exporting a name counts as unsafe:
//! two definitions of one name would be undefined behaviour, and these are the only ones.
//! Does not: do anything on the host, where `_start` is somebody else's.

/// Makes `$main`, a function without arguments that returns an [`Outcome`], the main actor's entry.
///
/// ```
/// fn run() -> Result<(), actor_sdk::Error> {
///     actor_sdk::info!("the answer is {}", 42);
///     Ok(())
/// }
/// actor_sdk::main!(run);
/// # let kernel = actor_sdk::fake::Kernel::new();
/// # run().unwrap();
/// ```
#[macro_export]
macro_rules! main {
    ($main:path) => {
        #[cfg(target_family = "wasm")]
        #[unsafe(no_mangle)]
        extern "C" fn _start() {
            $crate::entry::run_main($main);
        }

        // On the host only tests call it; this keeps it checked and used.
        #[cfg(not(target_family = "wasm"))]
        const _: fn() = || $crate::entry::run_main($main);
    };
}

/// Makes `$handler`, a [`Handler`], what a handler actor runs.
#[macro_export]
macro_rules! handler {
    ($handler:ty) => {
        #[cfg(target_family = "wasm")]
        #[unsafe(no_mangle)]
        extern "C" fn handle() {
            static RESIDENT: $crate::entry::Resident<$handler> = $crate::entry::Resident::new();
            RESIDENT.activate();
        }
    };
}
