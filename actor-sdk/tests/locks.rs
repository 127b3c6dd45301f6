//! Semaphores and mutexes, shown against the fake kernel: what is taken is given back, deadlines pass, refusals are told.
//! What takes several actors at once is shown by the actor `meet`.

use actor_sdk::abi::HostCall;
use actor_sdk::fake::Kernel;
use actor_sdk::sync::{Mutex, Semaphore, Shared};
use actor_sdk::{Endpoint, Error, Factory, NEVER, NOW, Outgoing};

fn kernel() -> (Kernel, Factory) {
    let mut kernel = Kernel::new();
    let factory = kernel.grant("factory");
    (kernel, factory)
}

#[test]
fn there_are_never_more_permits_than_the_semaphore_was_made_with() {
    let (kernel, factory) = kernel();
    for count in [0, 1025] {
        assert_eq!(Semaphore::new(&factory, count).err(), Some(Error::InvalidArgument));
    }
    let semaphore = Semaphore::new(&factory, 2).unwrap();
    assert_eq!(semaphore.replace_lost(), Err(Error::QueueFull));
    let (first, second) = (semaphore.acquire(NOW).unwrap(), semaphore.acquire(NOW).unwrap());
    assert_eq!(semaphore.acquire(NOW).err(), Some(Error::WouldBlock));
    assert_eq!((semaphore.acquire(700).err(), kernel.now_ns()), (Some(Error::TimedOut), 700));
    assert_eq!(first.release(), Ok(()));
    let third = semaphore.acquire(NOW).unwrap();
    core::mem::forget(second); // Whoever had it ended.
    drop(third);
    assert_eq!((semaphore.replace_lost(), semaphore.replace_lost()), (Ok(()), Err(Error::QueueFull)));
}

#[test]
fn a_permit_that_cannot_go_back_says_so_if_it_is_asked() {
    let (mut kernel, factory) = kernel();
    let semaphore = Semaphore::new(&factory, 1).unwrap();
    let permit = semaphore.acquire(NOW).unwrap();
    kernel.refuse(HostCall::Send, Error::NoMemory);
    assert_eq!(permit.release(), Err(Error::NoMemory));
    assert_eq!(semaphore.acquire(NOW).err(), Some(Error::WouldBlock), "it is lost");
    semaphore.replace_lost().unwrap();
    let permit = semaphore.acquire(NOW).unwrap();
    semaphore.close().unwrap();
    drop(permit);
    assert_eq!(semaphore.acquire(NEVER).err(), Some(Error::Closed));
}

#[test]
fn a_semaphore_that_cannot_be_filled_is_not_made() {
    let (mut kernel, factory) = kernel();
    let before = kernel.slots_used();
    kernel.refuse_after(HostCall::Send, 1, Error::NoMemory);
    assert_eq!(Semaphore::new(&factory, 2).err(), Some(Error::NoMemory));
    assert_eq!(kernel.slots_used(), before);
}

#[test]
fn a_value_is_in_the_mutex_or_with_the_one_who_has_the_lock() {
    let (kernel, factory) = kernel();
    let mutex = Mutex::new(&factory, &String::from("a")).unwrap();
    let mut guard = mutex.lock(NOW).unwrap();
    guard.push('b');
    assert_eq!((mutex.lock(300).err(), kernel.now_ns()), (Some(Error::TimedOut), 300));
    assert_eq!(mutex.replace_lost(&String::new()), Ok(()), "it cannot know that the holder lives");
    assert_eq!(guard.unlock(), Err(Error::QueueFull), "but he is told");
    assert_eq!(*mutex.lock(NOW).unwrap(), "");
}

#[test]
fn a_value_that_has_grown_too_long_is_put_back_as_it_was() {
    let (_kernel, factory) = kernel();
    let mutex = Mutex::new(&factory, &vec![1_u8]).unwrap();
    let mut guard = mutex.lock(NOW).unwrap();
    guard.resize(4097, 0);
    assert_eq!(guard.unlock(), Err(Error::TooLong));
    mutex.lock(NOW).unwrap().resize(4097, 0);
    assert_eq!(*mutex.lock(NOW).unwrap(), [1]);
    assert_eq!(Mutex::new(&factory, &vec![0_u8; 4097]).err(), Some(Error::TooLong));
}

#[test]
fn a_mutex_of_another_type_is_left_as_it_is() {
    let mut kernel = Kernel::new();
    let place = kernel.grant::<Endpoint>("name");
    place.try_send(&Outgoing::new(0).bytes(&[0xff])).unwrap();
    let as_text = Mutex::<String>::find("name").unwrap();
    assert_eq!(as_text.lock(NOW).err(), Some(Error::InvalidArgument));
    assert_eq!(*Mutex::<Vec<u8>>::find("name").unwrap().lock(NOW).unwrap(), [0xff]);
    assert_eq!(Mutex::<u64>::find("other").err(), Some(Error::NotFound));
}
