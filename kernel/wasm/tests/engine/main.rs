//! The engine through its interface, as the kernel sees it: what modules are refused and how, what
//! they compute, how runs are paced, ended and limited, and what is left when memory runs out.
//!
//! One binary, so that it links once. Modules are text next to the test that runs them, except the
//! bad ones, which are files in `tests/bad` with the expected message on their first line.

#[cfg(test)]
mod activation;
#[cfg(test)]
mod arguments;
#[cfg(test)]
mod bad_modules;
#[cfg(test)]
mod containment;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod support;
#[cfg(test)]
mod traps;
