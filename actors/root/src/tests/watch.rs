//! Who gives no sign of life: when root looks, whom it ends, and what it says.

use super::*;

#[test]
fn an_actor_without_a_heartbeat_is_ended_with_a_word_and_started_again() {
    let watched = |bytes: Vec<u8>| {
        let head = ManifestActor::decode(&bytes).unwrap();
        let rest = &bytes[ManifestActor::SIZE..];
        [&ManifestActor { watchdog_ms: 400, ..head }.encode()[..], rest].concat()
    };
    let policy = (Restart::OnFault, Strategy::OneForOne);
    let root = actor((Restart::Never, Strategy::OneForOne), "root", 8, &[], "");
    let echo = watched(actor(policy, "echo", 4, &[], ""));
    let mut kernel = kernel_from(&packed(&[root, echo, actor(policy, "client", 0, &[], "")]));
    with_house(&mut kernel, |kernel, house| {
        kernel.silence("client", 900_000_000);
        turn(house);
        assert_eq!(kernel.now_ns(), 100_000_000, "it looks four times a limit");
        kernel.silence("echo", 400_000_000);
        turn(house);
        assert_eq!(
            (house.count(), kernel.log_lines().len()),
            (2, 0),
            "who is not watched, and who is in time"
        );
        kernel.silence("echo", 401_000_000);
        // It is told to end, has ended, and returns after its back-off.
        (0..4).for_each(|_| turn(house));
        let told = "echo is working without a heartbeat for 401 ms, past its 400: it is ended";
        assert_eq!(kernel.log_lines(), [told, "echo was ended: silent", "echo is started again"]);
        assert_eq!((house.count(), kernel.spawned().len()), (2, 3));
    });
}
