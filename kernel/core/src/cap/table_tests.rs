//! The table by itself: handles, generations, reservations.

use super::super::Object;
use super::*;

fn log() -> Capability {
    Capability::first(Object::authority(ObjectKind::Log).unwrap()).unwrap()
}
fn insert(table: &mut Table, capability: Capability, name: SlotName) -> Result<Handle, Error> {
    let mut slot = table.reserve(1)?;
    table.fill(&mut slot, capability, name).map_err(|_| Error::TableFull)
}
fn put(table: &mut Table) -> Handle {
    insert(table, log(), SlotName::EMPTY).unwrap()
}

#[test]
fn a_handle_that_outlives_its_capability_is_stale_for_ever() {
    let mut table = Table::new(4);
    let old = put(&mut table);
    table.remove(old).unwrap();
    assert_eq!(table.get(old).err(), Some(Error::StaleHandle));
    let new = put(&mut table);
    assert_eq!(new.index(), old.index());
    assert_eq!(table.get(old).err(), Some(Error::StaleHandle));
    assert_eq!(table.remove(old).err(), Some(Error::StaleHandle));
    assert!(table.get(new).is_ok());
}

#[test]
fn a_forged_handle_is_bad() {
    let mut table = Table::new(4);
    let handle = put(&mut table);
    for forged in [
        Handle::NONE,
        Handle::new(0, 0),
        Handle::new(handle.generation() + 1, handle.index()),
        Handle::new(1, 1),
        Handle::from_bits(u64::MAX),
    ] {
        assert_eq!(table.get(forged).err(), Some(Error::BadHandle), "{forged:?}");
    }
    table.remove(handle).unwrap();
    let next = Handle::new(handle.generation() + 1, handle.index());
    assert_eq!(table.get(next).err(), Some(Error::BadHandle), "not given out yet");
}

#[test]
fn kind_and_rights_are_checked_by_the_one_lookup() {
    let mut table = Table::new(4);
    let handle = put(&mut table);
    let writer = table.get(handle).unwrap().derive(Rights::WRITE, 0).unwrap();
    let narrow = insert(&mut table, writer, SlotName::EMPTY).unwrap();
    assert_eq!(table.find(handle, ObjectKind::Clock, Rights::READ).err(), Some(Error::WrongKind));
    assert_eq!(table.find(narrow, ObjectKind::Log, Rights::READ).err(), Some(Error::MissingRight));
    assert!(table.find(narrow, ObjectKind::Log, Rights::WRITE).is_ok());
}

#[test]
fn rights_only_shrink_and_a_badge_stays() {
    let narrow = log().derive(Rights::WRITE, 7).unwrap();
    assert_eq!(narrow.derive(Rights::ALL, 0).unwrap().rights(), Rights::WRITE);
    assert_eq!(narrow.derive(Rights::ALL, 0).unwrap().badge(), 7);
    assert_eq!(narrow.derive(Rights::ALL, 8).err(), Some(Error::MissingRight));
    assert_eq!(narrow.grant(Rights::ALL, 0).err(), Some(Error::MissingRight));
}

#[test]
fn a_table_fills_from_slot_0_and_a_freed_slot_rests() {
    let mut table = Table::new(4);
    let mut slots = table.reserve(3).unwrap();
    for index in 0..3 {
        assert_eq!(table.fill(&mut slots, log(), SlotName::EMPTY).unwrap().index(), index);
    }
    table.release(slots);
    table.remove(Handle::new(1, 0)).unwrap();
    table.remove(Handle::new(1, 1)).unwrap();
    assert_eq!(put(&mut table), Handle::new(2, 0), "first freed, first used");
    assert_eq!(put(&mut table), Handle::new(2, 1));
}

#[test]
fn reserved_slots_cannot_be_taken_by_others() {
    let mut table = Table::new(2);
    let mut reservation = table.reserve(2).unwrap();
    assert_eq!(insert(&mut table, log(), SlotName::EMPTY).err(), Some(Error::TableFull));
    assert!(table.fill(&mut reservation, log(), SlotName::EMPTY).is_ok());
    table.release(reservation);
    assert!(insert(&mut table, log(), SlotName::EMPTY).is_ok());
    assert_eq!(insert(&mut table, log(), SlotName::EMPTY).err(), Some(Error::TableFull));
    assert_eq!(table.used(), 2);
}

#[test]
fn slots_are_found_by_the_name_they_were_given() {
    let mut table = Table::new(4);
    put(&mut table);
    let named = insert(&mut table, log(), SlotName::new_truncated("log")).unwrap();
    assert_eq!(table.named("log"), Some(named));
    assert_eq!(table.named("clock"), None);
}

#[test]
fn a_capability_is_found_by_its_node_and_the_tree_that_it_is_in() {
    let mut table = Table::new(4);
    let (first, second) = (put(&mut table), put(&mut table));
    let at = |handle| table.get(handle).unwrap();
    assert_eq!(at(first).node(), at(second).node(), "each is the first of its tree");
    let tree = |handle| at(handle).object().tree().unwrap();
    let found = table.of_node(tree(second), at(first).node().unwrap()).unwrap();
    assert!(ptr::eq(found, at(second)));
    let elsewhere = log();
    assert!(table.of_node(elsewhere.object().tree().unwrap(), elsewhere.node().unwrap()).is_none());
}
