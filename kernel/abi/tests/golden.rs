//! The numbers of the ABI are frozen: whatever tests/golden.txt says stays so. A new line may be added by
//! hand, below those of its group; a changed or lost line is a broken contract with actors already built.

use std::fmt::Write;

use tessera_abi::image::{Entry, ImageHead, ManifestActor, ManifestCap};
use tessera_abi::inspect::{
    ActorRecord, CapabilityInfo, CapabilityRecord, CoreRecord, EndpointRecord, HolderRecord, LogEntry,
    MachineRecord, RevokeReceipt,
};
use tessera_abi::limits::{Derivation, LimitsRecord};
use tessera_abi::{
    AccountRecord, ActivityRecord, Amounts, EndReason, EndRecord, Error, FaultKind, Histogram, LatencyRecord,
    LineageRecord, Message, ObjectKind, PulseRecord, Rights, SpawnCap, SpawnHead, StatsRecord, TABLE,
    TraceRecord, WaitItem,
};

fn frozen_form() -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for row in TABLE {
        let types: Vec<_> = row.parameters.iter().map(|one| one.value_type.name()).collect();
        writeln!(text, "call {} {}({})", row.number, row.name, types.join(" "))?;
    }
    for error in Error::ALL {
        writeln!(text, "error {} {}", error.number(), error.name())?;
    }
    for (right, name, _) in Rights::NAMES {
        writeln!(text, "right {} {name}", right.bits().trailing_zeros())?;
    }
    for kind in ObjectKind::ALL {
        writeln!(text, "kind {} {}", kind.number(), kind.name())?;
    }
    for fault in FaultKind::ALL {
        writeln!(text, "fault {} {}", fault.number(), fault.name())?;
    }
    for reason in (0..=u8::MAX).filter_map(EndReason::plain) {
        writeln!(text, "reason {} {}", reason.number(), reason.name())?;
    }
    let sizes = [
        ("message", Message::SIZE),
        ("spawn-head", SpawnHead::SIZE),
        ("spawn-cap", SpawnCap::SIZE),
        ("end", EndRecord::SIZE),
        ("machine", MachineRecord::SIZE),
        ("core", CoreRecord::SIZE),
        ("actor", ActorRecord::SIZE),
        ("capability-info", CapabilityInfo::SIZE),
        ("capability", CapabilityRecord::SIZE),
        ("log-entry", LogEntry::SIZE),
        ("image-head", ImageHead::SIZE),
        ("image-entry", Entry::SIZE),
        ("manifest-actor", ManifestActor::SIZE),
        ("manifest-cap", ManifestCap::SIZE),
        ("holder", HolderRecord::SIZE),
        ("revoke-receipt", RevokeReceipt::SIZE),
        ("derivation", Derivation::SIZE),
        ("limits", LimitsRecord::SIZE),
        ("endpoint", EndpointRecord::SIZE),
        ("wait-item", WaitItem::SIZE),
        ("trace", TraceRecord::SIZE),
        ("stats", StatsRecord::SIZE),
        ("histogram", Histogram::SIZE),
        ("latency", LatencyRecord::SIZE),
        ("amounts", Amounts::SIZE),
        ("account", AccountRecord::SIZE),
        ("pulse", PulseRecord::SIZE),
        ("activity", ActivityRecord::SIZE),
        ("lineage", LineageRecord::SIZE),
    ];
    for (name, size) in sizes {
        writeln!(text, "record {name} {size}")?;
    }
    Ok(text)
}

#[test]
fn the_numbers_are_those_of_the_golden_file() {
    let expected = include_str!("golden.txt");
    let found = frozen_form().unwrap();
    for (expected, found) in expected.lines().zip(found.lines()) {
        assert_eq!(expected, found);
    }
    assert_eq!(expected.lines().count(), found.lines().count(), "now:\n{found}");
}

#[test]
fn numbers_rise_and_names_are_not_used_twice() {
    assert!(TABLE.is_sorted_by(|a, b| a.number < b.number));
    for row in TABLE {
        assert_eq!(TABLE.iter().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
        assert_eq!(row.call.number(), row.number);
        assert_eq!(tessera_abi::HostCall::from_name(row.name), Some(row.call));
        assert_eq!(tessera_abi::HostCall::from_number(row.number), Some(row.call));
    }
}

#[test]
fn a_call_that_needs_a_kind_takes_a_handle_first_and_asks_rights_that_the_kind_has() {
    for row in TABLE {
        let tessera_abi::Needs::Kind(kind) = row.needs else { continue };
        assert_eq!(row.parameters[0].meaning, "Handle", "{}", row.name);
        assert!(!row.rights.is_empty() && Rights::of(kind).contains(row.rights), "{}", row.name);
    }
}

#[test]
fn no_call_refuses_because_of_a_module_which_ends_its_actor() {
    let refusing = TABLE.iter().find(|row| row.refuses_with(Error::BadModule));
    assert_eq!(refusing.map(|row| row.name), None);
}
