//! What the SDK promises an author about regions, shown against the fake kernel.

use actor_sdk::fake::{Kernel, Parcel};
use actor_sdk::{
    Capability, Code, Endpoint, Error, Factory, NOW, Outgoing, Plan, Region, RevokeScope, Rights, Spawner,
};

fn region(kernel: &mut Kernel, len_bytes: u64) -> Result<Region, Error> {
    kernel.grant::<Factory>("factory").region(len_bytes)
}

#[test]
fn a_region_is_whole_frames_and_zero() {
    let mut kernel = Kernel::new();
    let region = region(&mut kernel, 5000).unwrap();
    assert_eq!(region.len_bytes(), Ok(8192));
    let mut bytes = [1; 100];
    region.read(8092, &mut bytes).unwrap();
    assert_eq!(bytes, [0; 100]);
    let factory = Factory::find("factory").unwrap();
    assert_eq!(factory.region(0).err(), Some(Error::InvalidArgument));
    assert_eq!(factory.region(u64::MAX).err(), Some(Error::NoMemory));
}

#[test]
fn values_are_read_back_as_they_were_put_and_nothing_lies_outside() {
    let mut kernel = Kernel::new();
    let region = region(&mut kernel, 4096).unwrap();
    region.put(4088, &0x0123_4567_89ab_cdef_u64).unwrap();
    assert_eq!(region.get::<[u32; 2]>(4088), Ok([0x89ab_cdef, 0x0123_4567]));
    for offset in [4089, 4096, u64::MAX] {
        assert_eq!(region.get::<u64>(offset), Err(Error::InvalidArgument), "{offset}");
        assert_eq!(region.put(offset, &7_u64), Err(Error::InvalidArgument), "{offset}");
    }
    assert_eq!(region.write(4096, &[]), Ok(()), "no bytes, none outside");
}

#[test]
fn a_split_region_is_two_and_a_refused_split_leaves_it_whole() {
    let mut kernel = Kernel::new();
    let whole = region(&mut kernel, 4096).unwrap();
    whole.write(0, b"first").unwrap();
    whole.write(1000, b"second").unwrap();
    let (error, whole) = whole.split_at(0).unwrap_err();
    assert_eq!((error, whole.len_bytes()), (Error::InvalidArgument, Ok(4096)));
    let used = kernel.slots_used();
    let (first, second) = whole.split_at(1000).unwrap();
    assert_eq!((first.len_bytes(), second.len_bytes(), kernel.slots_used()), (Ok(1000), Ok(3096), used + 1));
    assert_eq!((first.get::<u8>(0), second.get::<u8>(0)), (Ok(b'f'), Ok(b's')));
    assert_eq!(first.get::<u8>(1000), Err(Error::InvalidArgument));
}

#[test]
fn a_part_cannot_do_more_and_goes_when_the_whole_is_taken_back() {
    let mut kernel = Kernel::new();
    let whole = region(&mut kernel, 4096).unwrap();
    let part = whole.part(10, 20, Rights::READ).unwrap();
    assert_eq!(part.write(0, b"x"), Err(Error::MissingRight));
    assert_eq!(part.part(0, 20, Rights::ALL).unwrap().rights(), Ok(Rights::READ));
    assert_eq!(part.part(0, 21, Rights::ALL).err(), Some(Error::InvalidArgument));
    whole.revoke(RevokeScope::Below).unwrap();
    assert_eq!(part.get::<u8>(0), Err(Error::Revoked));
    assert_eq!(whole.get::<u8>(0), Ok(0));
}

#[test]
fn a_region_travels_in_a_message() {
    let mut kernel = Kernel::new();
    let region = kernel.grant::<Region>("region");
    let door = kernel.grant::<Endpoint>("door");
    region.write(0, b"block").unwrap();
    door.send(&Outgoing::new(1).share(&region, Rights::READ), NOW).unwrap();
    let sent = kernel.sent("door").remove(0);
    assert_eq!(sent.capabilities(), [(actor_sdk::ObjectKind::Region, Rights::READ)]);
    let back = kernel.carrying(Parcel::new(2), "region", Rights::READ);
    kernel.push("", back);
    let mut message = Endpoint::own().recv(NOW).unwrap();
    assert_eq!(message.take::<Region>(0).unwrap().get::<[u8; 5]>(0), Ok(*b"block"));
}

#[test]
fn an_actor_is_started_of_what_it_is_given() {
    let mut kernel = Kernel::new();
    let (spawner, region) = (kernel.grant::<Spawner>("spawner"), kernel.grant::<Region>("region"));
    region.write(0, b"module").unwrap();
    let plan = Plan::new("guest", "");
    spawner.spawn_code(&plan, Code::Bytes(b"bytes")).unwrap();
    spawner.draft_code(&plan, Code::Region(&region, 6)).unwrap();
    let [first, second] = &kernel.spawned()[..] else { unreachable!() };
    assert_eq!((first.code.as_deref(), first.suspended), (Some(&b"bytes"[..]), false));
    assert_eq!((second.code.as_deref(), second.suspended), (Some(&b"module"[..]), true));
    let unread = region.part(0, 6, Rights::WRITE).unwrap();
    assert_eq!(spawner.spawn_code(&plan, Code::Region(&unread, 6)).err(), Some(Error::MissingRight));
    assert_eq!(spawner.spawn_code(&plan, Code::Region(&region, 1 << 17)).err(), Some(Error::InvalidArgument));
    assert_eq!(spawner.spawn_code(&plan, Code::Region(&region, u32::MAX)).err(), Some(Error::TooLong));
}
