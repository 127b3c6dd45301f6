//! The dispatcher, made from the table.
//!
//! Owns one struct a call, holding its arguments by name: what an actor passes is a claim until it is
//! checked. Invariant: a call that is added to the table does not compile until there is a function
//! of its name. Does nothing else.

use crate::context::{Context, Refusal};
use crate::{account, code, inspect, ipc, limits, own, region, revoke, spawn, system, waiting};
use tessera_abi::HostCall;
use tessera_abi::arg::{self, Argument};

macro_rules! groups {
    (exit) => {
        own::exit
    };
    (yield_now) => {
        own::yield_now
    };
    (panic) => {
        own::panic
    };
    (args_read) => {
        own::args_read
    };
    (heartbeat) => {
        own::heartbeat
    };
    (actor_pulse) => {
        inspect::actor_pulse
    };
    (actor_self) => {
        own::actor_self
    };
    (cap_copy) => {
        own::cap_copy
    };
    (cap_drop) => {
        own::cap_drop
    };
    (cap_info) => {
        own::cap_info
    };
    (cap_find) => {
        own::cap_find
    };
    (cap_derive) => {
        limits::cap_derive
    };
    (cap_limits) => {
        limits::cap_limits
    };
    (cap_revoke) => {
        revoke::cap_revoke
    };
    (endpoint_create) => {
        ipc::endpoint_create
    };
    (send) => {
        ipc::send
    };
    (recv) => {
        ipc::recv
    };
    (call) => {
        ipc::call
    };
    (call_funded) => {
        ipc::call_funded
    };
    (reply) => {
        ipc::reply
    };
    (forward) => {
        ipc::forward
    };
    (endpoint_close) => {
        ipc::endpoint_close
    };
    (notification_create) => {
        ipc::notification_create
    };
    (notification_signal) => {
        ipc::notification_signal
    };
    (notification_wait) => {
        ipc::notification_wait
    };
    (wait_any) => {
        waiting::wait_any
    };
    (spawn) => {
        spawn::spawn
    };
    (spawn_draft) => {
        spawn::spawn_draft
    };
    (spawn_bytes) => {
        code::spawn_bytes
    };
    (spawn_region) => {
        code::spawn_region
    };
    (actor_monitor) => {
        spawn::actor_monitor
    };
    (actor_link) => {
        spawn::actor_link
    };
    (actor_suspend) => {
        spawn::actor_suspend
    };
    (actor_resume) => {
        spawn::actor_resume
    };
    (actor_kill) => {
        spawn::actor_kill
    };
    (actor_kill_for) => {
        spawn::actor_kill_for
    };
    (actor_terminate) => {
        spawn::actor_terminate
    };
    (terminate_notify) => {
        spawn::terminate_notify
    };
    (actor_grant) => {
        spawn::actor_grant
    };
    (actor_wait) => {
        spawn::actor_wait
    };
    (actor_open) => {
        spawn::actor_open
    };
    (region_create) => {
        region::region_create
    };
    (region_read) => {
        region::region_read
    };
    (region_write) => {
        region::region_write
    };
    (region_part) => {
        region::region_part
    };
    (region_len) => {
        region::region_len
    };
    (account_split) => {
        account::account_split
    };
    (account_resize) => {
        account::account_resize
    };
    (account_info) => {
        account::account_info
    };
    (inspect) => {
        inspect::inspect
    };
    (holders) => {
        revoke::holders
    };
    (slot_revoke) => {
        revoke::slot_revoke
    };
    ($name:ident) => {
        system::$name
    };
}

macro_rules! claims {
    ($($number:literal $variant:ident $name:ident($($arg:ident: $meaning:ident),*) needs $needs:ident [$($right:ident)*]
        gives $gives:literal refuses [$($error:ident)*] $prose:literal;)*) => {
        /// The arguments of each call, as claimed.
        pub mod claims {
            use super::arg;
            $(
                #[derive(Clone, Copy, Debug)]
                #[doc = $prose]
                pub struct $variant { $(pub $arg: arg::$meaning,)* }
            )*
        }

        /// Carries out one call.
        pub fn dispatch(context: &mut Context<'_>, call: HostCall, args: &[u64]) -> Result<u64, Refusal> {
            let mut args = args.iter().copied();
            let mut next = || args.next().unwrap_or_default();
            match call {
                $(HostCall::$variant => {
                    $(let $arg = <arg::$meaning as Argument>::from_bits(next());)*
                    groups!($name)(context, claims::$variant { $($arg,)* })
                })*
            }
        }
    };
}
tessera_abi::for_each_host_call!(claims);
