//! The shell as somebody at the terminal sees it: what is typed, what appears.

extern crate std;

mod authority;
mod starting;

use super::*;
use actor_sdk::abi::inspect::{
    ActorRecord, CapabilityInfo, CapabilityRecord, CoreRecord, HolderRecord, MachineRecord,
};
use actor_sdk::abi::{
    ActorState, GrantState, HostCall, LimitsRecord, Name, PowerAction, RevokeScope, SlotName, Usage,
};
use actor_sdk::fake::{Ended, Kernel, Parcel};
use actor_sdk::protocol::{console, supervisor};
use actor_sdk::{EndReason, Factory, ObjectKind, Priority, Rights, Shape};
use std::cell::RefCell;
use std::rc::Rc;
use std::string::String;

/// A kernel with everything the manifest grants, and a console that types `typed` and keeps what it shows.
pub fn machine(typed: &str) -> (Kernel, Rc<RefCell<String>>) {
    let mut kernel = Kernel::new();
    kernel.grant::<Endpoint>("console");
    kernel.grant::<Endpoint>("pong");
    kernel.grant::<Clock>("clock");
    kernel.grant::<Log>("log");
    kernel.grant::<Spawner>("spawner");
    kernel.grant::<System>("system");
    kernel.grant::<Factory>("factory");
    let screen = Rc::new(RefCell::new(String::new()));
    serve(&mut kernel, "console", typed, &screen);
    (kernel, screen)
}

/// Has an endpoint be a console's server that types `typed` and adds what it shows to the screen.
fn serve(kernel: &mut Kernel, name: &str, typed: &str, screen: &Rc<RefCell<String>>) {
    let (shown, mut typed) = (Rc::clone(screen), Some(String::from(typed)));
    kernel.answer(name, move |parcel| match parcel.label {
        console::WRITE => {
            shown.borrow_mut().push_str(&parcel.text());
            Ok(Parcel::new(console::WRITE))
        }
        // What was typed comes once; afterwards the console is gone, which ends the shell.
        _ => typed.take().map(|text| Parcel::new(console::READ).bytes(text.as_bytes())).ok_or(Error::Closed),
    });
}

pub fn shown(typed: &str, set_up: impl FnOnce(&mut Kernel)) -> String {
    let (mut kernel, screen) = machine(typed);
    set_up(&mut kernel);
    assert_eq!(run(), Err(Error::Closed));
    screen.borrow().clone()
}

pub fn actor(index: u32, name: &str, state: ActorState) -> ActorRecord {
    ActorRecord {
        index,
        core: 1,
        id: 1 << 32 | (u64::from(index) + 10),
        name: Name::new_truncated(name),
        module: Name::new_truncated("any"),
        state,
        priority: Priority::High,
        shape: Shape::Main,
        level: Priority::High,
        slots: 3,
        cpu_ns: 5_000,
        memory_bytes: 20_480,
        memory_max_bytes: 1 << 20,
        messages_in: 0,
        messages_out: 0,
        end: EndReason::Exited(3),
        reserved_end: 0,
    }
}

pub fn core(index: u32) -> CoreRecord {
    CoreRecord {
        index,
        queued: 0,
        timer_ticks: 7,
        switches: 8,
        steals: 9,
        ipis_received: 10,
        ipis_sent: 11,
        forced_switches: 12,
        deferred_switches: 13,
        longest_guarded_ns: 14_000,
        idle_ns: 15,
        running: 0,
    }
}

#[test]
fn the_prompt_comes_back_after_each_line() {
    let text = shown("uptime\n\n", |_| {});
    assert!(text.contains("up 0 min 0.000 s\n"), "{text}");
    assert!(text.ends_with(terminal::PROMPT), "{text}");
}

#[test]
fn typing_at_the_end_of_the_line_draws_only_what_is_new() {
    assert!(shown("uptime\n", |_| {}).contains("\ntessera> uptime\nup 0 min"));
}

#[test]
fn an_unknown_command_is_told_the_nearest() {
    assert!(
        shown("hlep\n", |_| {}).contains("there is no command `hlep`; did you mean `help`? `help` lists")
    );
    assert!(
        shown("frobnicate\n", |_| {}).contains("there is no command `frobnicate`; `help` lists them all")
    );
}

#[test]
fn help_names_every_command_and_explains_one() {
    let text = shown("help\n", |_| {});
    for name in [
        "ps",
        "top",
        "cpus",
        "mem",
        "caps ACTOR",
        "log",
        "spawn",
        "kill",
        "suspend",
        "resume",
        "uptime",
        "shutdown",
        "reboot",
    ] {
        assert!(text.contains(&std::format!("\n{name}")), "{name}");
    }
    assert!(shown("help kill\n", |_| {}).contains("kill ACTOR: ends an actor by force\n"));
}

#[test]
fn cpus_gives_one_line_a_core_with_every_figure() {
    let text = shown("cpus\n", |kernel| (0..2).for_each(|index| kernel.add_core(core(index))));
    for index in 0..2 {
        let line = std::format!(
            "\ncpu{index}: ticks 7, switches 8 (12 forced, 13 deferred), steals 9, IPIs 10 in, 11 out, longest guarded 14 us"
        );
        assert!(text.contains(&line), "{text}");
    }
}

#[test]
fn ps_gives_one_line_an_actor_and_says_how_ended_ones_ended() {
    let text = shown("ps\n", |kernel| {
        kernel.add_actor(actor(0, "root", ActorState::Blocked));
        kernel.add_actor(actor(4, "gone", ActorState::Ended));
    });
    assert!(text.contains("10.1  root  blocked   high      cpu1  5000 ns  20 KiB  1 MiB  any\n"), "{text}");
    assert!(text.contains("14.1  gone  exited 3  high"), "{text}");
}

#[test]
fn ps_tells_the_priority_that_an_actor_has_for_a_call() {
    let text = shown("ps\n", |kernel| {
        kernel.add_actor(ActorRecord { priority: Priority::Low, ..actor(0, "busy", ActorState::Ready) });
    });
    assert!(text.contains("busy  ready  low as high  cpu1"), "{text}");
}

#[test]
fn a_name_that_no_actor_has_is_said_so_and_a_shared_one_needs_the_id() {
    let text = shown("caps nobody\nkill twin\n", |kernel| {
        kernel.add_actor(actor(1, "twin", ActorState::Ready));
        kernel.add_actor(actor(2, "twin", ActorState::Ready));
    });
    assert!(text.contains("caps: there is no actor `nobody`; `ps` lists them\n"), "{text}");
    assert!(text.contains("kill: several actors are called `twin`; `ps` tells their ids\n"), "{text}");
}

#[test]
fn a_refusal_is_explained_and_the_shell_goes_on() {
    let text = shown("spawn nothing\nuptime\n", |kernel| kernel.refuse(HostCall::Spawn, Error::NotFound));
    assert!(text.contains("spawn: No such module, actor, entry or name. (not-found)\n"), "{text}");
    assert!(text.contains("up 0 min"), "{text}");
}

#[test]
fn log_shows_the_last_lines_oldest_first() {
    let text =
        shown("log 2\n", |_| ["one", "two", "three"].iter().for_each(|line| actor_sdk::warn!("{line}")));
    assert!(!text.contains("one\n"), "{text}");
    assert!(
        text.contains("    0.000000 cpu0 test: warn: two\n    0.000000 cpu0 test: warn: three\n"),
        "{text}"
    );
}

#[test]
fn top_runs_as_many_rounds_as_it_is_told_and_shows_shares() {
    let text = shown("top 2\n", |kernel| kernel.add_actor(actor(0, "root", ActorState::Ready)));
    assert_eq!(text.matches("%CPU").count(), 2);
    assert!(text.contains(" 0.0  10.1  root"), "{text}");
}

#[test]
fn top_with_more_input_waiting_takes_none_of_it() {
    let text = shown("top\nuptime\n", |_| {});
    assert_eq!(text.matches("%CPU").count(), 1);
    assert!(text.contains("up 0 min 1.000 s\n"), "{text}");
}

#[test]
fn mem_and_its_figures() {
    let record = MachineRecord {
        uptime_ns: 0,
        cores: 2,
        actors: 3,
        heap_bytes: 4096,
        heap_blocks: 5,
        frames_free: 256,
        frames_total: 512,
        frame_bytes: 4096,
        stacks: 6,
        stacks_free: 2,
        stack_high_water_bytes: 3000,
        capabilities: 7,
        endpoints: 8,
        timers: 9,
        modules: 1,
    };
    let text = shown("mem\n", |kernel| kernel.set_machine(record));
    assert!(text.contains("4 KiB in 5 blocks"), "{text}");
    assert!(text.contains("6, 2 of them free"), "{text}");
}

#[test]
fn editing_shows_on_the_screen_and_history_comes_back() {
    // `upx`, back over the x, `time`; then the line before once more.
    let text = shown("upx\x7ftime\r\x1b[A\r", |_| {});
    assert_eq!(text.matches("up 0 min").count(), 2, "{text}");
}

#[test]
fn an_interrupted_line_is_not_run_and_end_of_input_does_not_end_the_shell() {
    let text = shown("uptime\x03\x04", |_| {});
    assert!(!text.contains("up 0 min"), "{text}");
    assert!(text.contains("to switch off, type `shutdown`\n"), "{text}");
}

#[test]
fn shutdown_and_reboot_reach_the_machine() {
    for (line, action) in [("shutdown\n", PowerAction::Off), ("reboot\n", PowerAction::Reboot)] {
        let (mut kernel, _screen) = machine(line);
        assert_eq!(kernel.run(run), Ended::Power(action));
    }
}
