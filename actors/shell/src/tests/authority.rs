//! Who may do what, as the shell tells it, and taking it back.

use super::*;

/// What is in the shell's slot 2.
fn slot_two() -> CapabilityRecord {
    CapabilityRecord {
        slot: 2,
        generation: 1,
        name: SlotName::new_truncated("console"),
        info: CapabilityInfo {
            kind: ObjectKind::Endpoint,
            state: GrantState::Usable,
            usage: Usage::Never,
            reserved: 0,
            rights: Rights::SEND,
            badge: 0,
        },
        object: 4,
        target: Name::new_truncated("console"),
    }
}

#[test]
fn caps_lists_slots_with_rights() {
    let record = slot_two();
    let text = shown("caps shell\nunused\n", |kernel| {
        kernel.add_actor(actor(3, "shell", ActorState::Running));
        kernel.add_capability(3, record);
        let info = CapabilityInfo { usage: Usage::Used, ..record.info };
        kernel.add_capability(3, CapabilityRecord { slot: 3, info, ..record });
        let info = CapabilityInfo { state: GrantState::Revoked, ..record.info };
        kernel.add_capability(3, CapabilityRecord { slot: 4, info, ..record });
    });
    for (slot, state) in [(2, "unused"), (3, "used"), (4, "revoked")] {
        let row = std::format!("   {slot}  console  endpoint  send    -      console  {state}");
        assert!(text.contains(&row), "{text}");
    }
    assert!(text.contains("\nshell     2  console  endpoint  send\n"), "{text}");
    assert!(!text.contains("\nshell     3"), "one that was used is listed as unused: {text}");
}

#[test]
fn caps_tells_what_is_left_of_the_limits() {
    let left = LimitsRecord { expires_at_ns: 4_000_000_000, uses_left: 3, ..LimitsRecord::NONE };
    let rated = LimitsRecord { rate_uses: 10, rate_burst: 2, rate_period_ns: 1_000_000_000, ..left };
    let text = shown("caps shell\n", |kernel| {
        kernel.add_actor(actor(3, "shell", ActorState::Running));
        let info = CapabilityInfo { state: GrantState::Expired, ..slot_two().info };
        for (slot, info) in [(2, slot_two().info), (3, info), (4, info)] {
            kernel.add_capability(3, CapabilityRecord { slot, info, ..slot_two() });
        }
        kernel.add_limits(3, 3, left);
        kernel.add_limits(3, 4, rated);
    });
    let ends: std::vec::Vec<&str> = text.lines().filter_map(|line| line.split("console  ").nth(2)).collect();
    let expected = [
        "unused   -",
        "expired  uses 3, until 4000 ms",
        "expired  uses 3, until 4000 ms, rate 10 per 1000 ms",
    ];
    assert_eq!(ends, expected, "{text}");
}

/// A tree of three: root derived for the shell, which sent one on.
fn family(kernel: &mut Kernel) {
    let first = HolderRecord {
        place: 0,
        parent: HolderRecord::NO_PARENT,
        depth: 0,
        rights: Rights::ALL,
        badge: 0,
        holder: 7,
        name: Name::new_truncated("root"),
        state: GrantState::Usable,
        reserved: [0; 3],
    };
    let shell = HolderRecord { place: 1, parent: 0, name: Name::new_truncated("shell"), ..first };
    let sent = HolderRecord { place: 5, parent: 1, holder: 0, rights: Rights::SEND, badge: 9, ..first };
    let holder = actor(3, "shell", ActorState::Running);
    kernel.add_actor(holder);
    kernel.add_capability(3, slot_two());
    [first, shell, sent].into_iter().for_each(|record| kernel.add_holder(holder.id, 2, record));
}

#[test]
fn who_can_tells_every_holder_and_the_way_it_came() {
    let text = shown("who-can shell 2\n", family);
    let row = text.lines().find(|line| line.starts_with("(on its way)")).unwrap_or_default();
    let cells: std::vec::Vec<&str> = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(cells, ["(on its way)", "send", "9", "usable", "root > shell"], "{text}");
}

#[test]
fn revoke_tells_beforehand_and_afterwards_what_goes() {
    let typed = "revoke --dry-run shell 2\nrevoke --whole shell 2\nrevoke --hole shell 2\nrevoke shell two\nrevoke shell 9\n";
    let (mut kernel, screen) = machine(typed);
    family(&mut kernel);
    assert_eq!(run(), Err(Error::Closed));
    let text = screen.borrow().clone();
    assert!(text.contains("would take back 2 capabilities of 2 actors, 0 blocked by it\n"), "{text}");
    assert!(text.contains("took back 3 capabilities of 3 actors, 0 woken\n"), "{text}");
    assert_eq!(text.matches("usage: revoke [--dry-run] [--whole] ACTOR SLOT").count(), 2, "{text}");
    assert!(text.contains("revoke: shell has nothing in slot 9; see `caps shell`\n"), "{text}");
    assert_eq!(kernel.revoked(), [(actor(3, "shell", ActorState::Running).id, 2, RevokeScope::Whole)]);
}
