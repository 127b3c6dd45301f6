//! Placeholder until its first part lands.
#![no_std]
