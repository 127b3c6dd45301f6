//! The command line, in its first steps.
#![no_std]
