//! One list of whole-kernel scenarios. The hosted kernel plays it under a simulated machine, QEMU plays
//! it on the real backend; both print how many passed.
//!
//! A scenario is a function of a [`Stage`]: it makes actors out of the modules in `tests/modules` and
//! states what must become of them. It may not assume how many cores there are or how long anything
//! takes. Each has a kernel of its own. A storm ([`STORMS`]) does as dice say, whose seed is the stage's. What is measured of a kernel ([`measure`]) is played likewise.
#![no_std]

extern crate alloc;

mod accounts;
mod asking;
mod calls;
mod chaos;
mod closing;
mod faults;
mod flawed;
mod forwarding;
mod fuel;
mod funding;
mod given;
mod handing_over;
mod hostile;
mod inheritance;
mod inventory;
mod lending;
mod limits;
mod lives;
pub mod measure;
mod messages;
mod observing;
pub mod pack;
mod policies;
mod pulses;
mod regions;
mod revocation;
mod scheduling;
pub mod stage;
mod starving;
mod statistics;
mod storms;
mod suspension;
mod waiting;

pub use flawed::Flawed;
pub use stage::{Failure, Stage};

/// What a scenario says in the end.
pub type Verdict = Result<(), Failure>;

/// A scenario and its name, which states the behaviour.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What it shows.
    pub name: &'static str,
    /// The play.
    pub play: fn(&mut Stage<'_>) -> Verdict,
}

macro_rules! list {
    ($($(#[$doc:meta])* $list:ident { $($room:ident: $($name:ident)*;)* })*) => {
        $($(#[$doc])* pub const $list: &[Scenario] = &[
            $($(Scenario { name: stringify!($name), play: $room::$name },)*)*
        ];)*
    };
}
list! {
    /// Those that are played under many seeds each.
    STORMS {
    storms: mesh churn back_pressure revoke_storm kill_storm;
    }
    /// Every other scenario.
    SCENARIOS {
    lives: a_main_actor_that_returns_exits_with_zero exit_ends_with_the_code
        an_unknown_module_is_refused_at_spawn a_handler_needs_an_endpoint_to_receive_from
        an_endless_loop_is_killed an_endless_start_function_is_killed a_filler_is_killed
        a_sleeper_a_receiver_and_a_caller_are_killed_where_they_wait a_resting_handler_is_killed
        whoever_is_killed_while_its_module_loads_ends_killed
        a_late_waiter_still_gets_the_reason whoever_ends_an_actor_says_what_for whoever_stands_in_for_another_counts_it whoever_monitors_an_actor_is_told_of_its_end
        linked_actors_end_with_the_one_that_fails whoever_names_itself_can_be_linked_to_and_no_more;
    faults: every_trap_ends_its_actor_alone bad_modules_say_what_is_wrong a_panic_arrives_with_its_message
        memory_grows_to_its_maximum_and_not_past_it an_engine_that_panics_costs_one_actor
        failing_any_allocation_ends_that_actor_alone
        nothing_is_left_behind_after_many_rounds;
    messages: calls_are_answered blocked_senders_are_served_in_order waits_end_at_their_deadlines
        a_call_to_a_server_that_dies_says_so a_call_to_a_closed_endpoint_says_so
        a_flood_is_refused_and_counted a_call_to_oneself_is_refused signals_add_up_and_reach_one_waiter
        a_message_that_gets_in_from_the_line_wakes_the_next_receiver;
    calls: every_call_ends_in_one_way a_call_that_finds_no_taker_is_counted
        an_inspector_reads_what_has_become_of_it;
    forwarding: a_call_that_is_handed_on_is_answered_by_the_last
        a_call_that_cannot_be_handed_on_can_still_be_answered whoever_hands_on_waits_for_room_alone
        a_call_that_is_dropped_where_it_is_handed_on_is_told
        a_call_whose_caller_has_gone_is_not_handed_on handing_on_closes_no_circle
        of_two_that_call_each_other_one_is_refused;
    policies: a_full_queue_does_as_its_policy_says a_capacity_that_a_policy_cannot_have_is_refused
        a_caller_whose_message_is_dropped_is_told what_a_message_carries_stays_or_goes_with_it
        without_a_capacity_senders_wait_for_a_receiver without_a_capacity_a_resting_handler_is_a_receiver
        receivers_without_room_do_not_hide_a_message;
    waiting: whichever_comes_ends_a_wait_for_any one_of_several_wins_and_the_others_keep_theirs
        a_wait_for_any_is_a_receiver_in_a_rendezvous a_wait_for_any_is_refused_where_it_cannot_be
        a_wait_for_any_ends_when_any_of_it_is_taken_back whoever_waits_for_any_can_be_killed
        a_cancelled_token_ends_the_waits_below_it_alone
        two_that_always_have_something_are_taken_from_by_turns nothing_is_lost_among_many_who_wait_for_any;
    closing: closing_tells_who_sent_and_calls closing_tells_who_waits_for_messages;
    handing_over: forged_and_stale_handles_are_told_apart a_capability_arrives_with_fewer_rights
        what_may_not_be_granted_stays a_full_table_refuses
        the_right_to_receive_does_not_travel;
    chaos: memory_out_of_bounds addresses_that_lie_outside forged_stale_and_dropped_handles revoked_handles
        expired_handles a_slot_bomb a_message_flood a_memory_bomb a_stack_bomb a_table_bomb a_region_bomb
        endless_loops_on_every_core a_fork_bomb replies_that_are_none an_endpoint_closed_under_its_waiters
        kills_in_every_state kills_in_line_for_a_stack a_supervisors_own_crash;
    accounts: a_fork_bomb_stops_at_its_own_account a_bomb_of_endpoints_stops_at_its_own_account
        a_flood_of_bytes_stops_at_its_own_account a_bomb_of_regions_stops_at_its_own_account
        a_given_module_is_paid_for a_notification_is_paid_for
        memory_over_the_account_is_refused_to_the_actor_alone
        a_spawn_over_the_account_leaves_nothing_charged
        an_actor_begins_in_an_account_with_the_least_that_it_takes
        a_shrunk_account_ends_nobody_and_gives_up_what_comes_back a_killed_actor_leaves_its_account_whole
        an_account_goes_with_the_last_that_refers_to_it
        splitting_and_letting_go_leaves_an_account_as_it_was
        whatever_is_asked_for_over_the_account_is_refused_and_leaves_nothing
        an_actor_starts_others_in_accounts_that_it_splits;
    fuel: the_same_program_costs_the_same_wherever_it_runs a_handler_is_billed_for_each_message
        an_endless_loop_stops_at_its_budget_and_goes_on_with_a_refill
        whoever_has_no_fuel_is_killed_like_others whoever_is_suspended_without_fuel_lets_others_have_it
        whoever_is_suspended_behind_its_slice_holds_no_fuel
        those_without_fuel_are_served_in_turn who_waits_holds_no_fuel
        fuel_that_comes_back_goes_to_who_waits_for_it
        nobody_gets_out_of_a_budget_by_starting_others an_engine_s_panic_loses_no_fuel;
    starving: whatever_happens_to_those_without_fuel_none_is_lost;
    funding: a_server_s_work_is_billed_to_who_calls a_server_goes_on_by_its_own_when_a_loan_is_used_up
        what_is_left_of_a_loan_comes_back_however_its_call_ends a_loan_that_nobody_takes_comes_back_whole
        a_caller_that_gives_up_has_its_loan_back a_server_s_end_gives_a_loan_back
        a_call_that_is_handed_on_takes_its_loan_along
        a_server_of_several_works_for_the_last nobody_lends_what_he_has_not;
    lending: no_loan_is_lost_among_the_killed;
    pulses: whoever_works_or_waits_without_a_heartbeat_is_seen_to a_heartbeat_is_a_sign_of_life
        a_handler_is_watched_within_its_activations_alone
        each_message_is_a_sign_of_life_of_a_busy_handler a_handler_that_takes_nothing_is_silent
        a_pulse_is_felt_by_who_may_inspect;
    observing: the_trace_tells_what_happened;
    statistics: as_many_waits_are_measured_as_messages_delivered what_lies_is_measured_to_have_waited
        statistics_are_of_one_period an_actor_s_times_add_up_to_its_age bytes_are_counted_at_both_ends;
    hostile: random_calls_are_answered_as_their_rows_say;
    revocation: whoever_is_blocked_by_what_is_taken_back_is_told a_capability_on_its_way_is_taken_back
        a_call_in_line_does_not_get_in_once_it_is_taken_back a_copy_of_what_is_gone_or_too_deep_is_refused
        a_handler_whose_own_endpoint_is_taken_back_ends_revoked
        an_endpoint_closes_when_the_last_right_to_receive_is_taken_back
        one_s_own_can_be_taken_back_and_others_only_with_the_right
        all_of_a_subtree_goes_and_nothing_else revocation_wins_against_copies_drops_and_transfers;
    regions: a_region_is_handed_on_without_a_copy what_a_region_does_not_have_is_refused
        a_region_is_split_in_two once_taken_back_nobody_reads_or_writes killed_holders_give_their_frames_back;
    given: an_actor_starts_what_it_carries what_is_given_and_what_is_listed_are_kept_apart
        failing_any_allocation_of_a_given_module_ends_that_actor_alone;
    limits: time_uses_and_rate_run_out_each_with_its_answer whoever_waits_through_what_expires_is_told
        a_wait_for_any_ends_with_what_expires_first a_wait_for_any_that_is_refused_uses_nothing_up
        copies_together_are_used_as_often_as_was_granted what_expires_on_its_way_arrives_expired
        a_handler_s_own_endpoint_cannot_run_out a_last_use_serves_to_monitor;
    asking: who_wants_to_be_asked_ends_by_himself who_cannot_be_asked_is_killed
        a_draft_is_handed_what_it_is_to_have a_draft_that_nobody_can_name_any_more_ends;
    suspension: a_suspended_loop_gets_no_core_until_it_is_resumed
        a_wait_that_ends_meanwhile_is_told_after_the_resume
        a_suspended_handler_is_called_in_vain_and_borrows_no_stack
        whoever_is_suspended_in_line_for_a_stack_lets_others_by
        the_suspended_are_killed_in_every_state a_draft_begins_when_it_is_resumed
        suspending_needs_the_right suspend_and_resume_on_every_core_lose_nobody;
    inheritance: a_server_is_as_urgent_as_who_calls_it
        levels_travel_along_calls_and_go_with_who_gave_them
        a_call_that_is_handed_on_takes_its_level_along;
    scheduling: sleepers_never_wake_early many_actors_all_get_done
        the_urgent_go_first_and_the_lowest_still_run more_handlers_than_stacks_are_all_served
        the_reserve_serves_the_urgent_while_others_wait_in_line
        an_answer_lets_a_more_urgent_caller_run_at_once
        no_wake_is_lost_between_a_feeder_and_eight_consumers
        pairs_that_call_without_end_leave_their_equals_their_turns;
    }
}
