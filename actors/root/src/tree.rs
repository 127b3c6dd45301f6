//! Who supervises whom, and what follows for the others when one ends: the manifest's supervisors as a tree.
//!
//! Owns: the decisions of each actor that the manifest names as a supervisor, which root carries out for it.
//! Invariants:
//! * A group lives with its supervisor: it begins when that has started, and is shut down when that ends. Only when all
//!   of it has ended is the supervisor's own end told to the supervisor above, so nobody is started twice.
//! * A supervisor that is to stop does when all of its group has: they were started behind it, and may count on it.
//! * A supervisor that gives one of its own up has failed, and is to end. What follows is its own supervisor's
//!   decision, as for any fault. Above root there is nobody: what it gives up stays down, and the others go on.
//!
//! Does not: start or stop anybody, or know the time. Actors are their indices in the manifest.

use alloc::vec::Vec;

use actor_sdk::abi::image::{ActorEntry, NO_ACTOR};
use actor_sdk::abi::{EndReason, Error};
use actor_sdk::supervisor::{Action, Policy, Strategy, Supervisor};

/// Whom one supervisor decides about, in the manifest's order.
struct Group {
    decides: Supervisor,
    /// Whether its members start whatever became of those before them.
    one_for_one: bool,
    members: Vec<usize>,
    /// How the supervisor ended, while some of its group have still to end.
    ended: Option<EndReason>,
    /// What is to be done with the supervisor once all of its group have ended.
    last: Option<Todo>,
}

/// What root is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Todo {
    /// Start it, and say what came of that.
    Start(usize),
    /// Have it end; that is expected.
    Stop(usize),
    /// End it, as one that has failed.
    Kill(usize),
    /// Report it: it was started too often and stays down.
    StaysDown(usize),
    /// Report it, and that its supervisor has failed by that, which is ended next.
    Fails { member: usize, supervisor: usize },
}

/// See the module. One group an actor, for most without members.
pub struct Tree {
    groups: Vec<Group>,
}

impl Tree {
    /// All that the manifest names, of whom nobody has been started. Who names no supervisor is root's.
    pub fn new(entries: &[ActorEntry<'_>]) -> Self {
        let mut groups: Vec<Group> = (0..).zip(entries).map(|(by, head)| group(by, head, entries)).collect();
        groups.iter_mut().skip(1).for_each(|group| group.decides.shut_down());
        Self { groups }
    }

    /// What is to be done now, if anything; to be asked until there is nothing more.
    pub fn next(&mut self, now_ns: u64) -> Option<Todo> {
        loop {
            let last = |group: &mut Group| group.last.take_if(|_| group.decides.is_over());
            if let Some(todo) = self.groups.iter_mut().find_map(last) {
                return Some(todo);
            }
            let mut groups = self.groups.iter_mut().enumerate();
            let todo = groups.find_map(|(by, group)| group.next(by, now_ns))?;
            match todo {
                Todo::Stop(index) => self.group_first(index, todo),
                Todo::Fails { supervisor, .. } => {
                    self.group_first(supervisor, Todo::Kill(supervisor));
                    return Some(todo);
                }
                _ => return Some(todo),
            }
        }
    }

    /// Has all of an actor's group end before that is done with the actor itself.
    fn group_first(&mut self, index: usize, last: Todo) {
        if let Some(group) = self.groups.get_mut(index) {
            group.decides.shut_down();
            group.last = Some(last);
        }
    }

    /// When there will be something to do although nobody ends before.
    pub fn wake_ns(&self) -> u64 {
        self.groups.iter().map(|group| group.decides.wake_ns()).min().unwrap_or(0)
    }

    /// Whether nobody runs and nobody is to return.
    pub fn is_over(&self) -> bool {
        self.groups.iter().all(|group| group.decides.is_over())
    }

    /// Whether an actor runs or is to return, be it with its supervisor. Root itself does.
    pub fn will_be_there(&self, mut index: usize) -> bool {
        // As far up as there can be supervisors.
        for _ in 0..=self.groups.len() {
            if index == 0 {
                return true;
            }
            let Some((by, member)) = self.place(index) else { return false };
            let Some(Group { decides, .. }) = self.groups.get(by) else { return false };
            let is_there = decides.is_up(member) || decides.is_to_return(member);
            if is_there || !decides.is_shut() {
                return is_there;
            }
            index = by;
        }
        false
    }

    /// Whether an actor that has not been started will be, though `waiting` is not: nobody starts before its supervisor,
    /// and in a group that starts in order nobody starts before those in front.
    pub fn will_start_without(&self, index: usize, waiting: usize) -> bool {
        let Some((group, place)) = self.place(waiting) else { return false };
        let in_order = self.groups.get(group).is_some_and(|group| !group.one_for_one);
        let mut above = index;
        // As far up as there can be supervisors.
        for _ in 0..=self.groups.len() {
            let Some((by, member)) = self.place(above) else { break };
            if above == waiting || (in_order && by == group && member > place) {
                return false;
            }
            above = by;
        }
        index != 0 && self.will_be_there(index)
    }

    /// An actor has been started: so are those whom it supervises.
    pub fn started(&mut self, index: usize) {
        if let Some(group) = self.groups.get_mut(index) {
            group.decides.begin();
        }
    }

    /// An actor could not be started.
    pub fn not_started(&mut self, index: usize, error: Error, now_ns: u64) {
        if let Some((group, member)) = self.place_mut(index) {
            group.decides.not_started(member, error, now_ns);
        }
    }

    /// An actor has ended, and with it, once they have, those whom it supervises.
    pub fn ended(&mut self, index: usize, reason: EndReason, now_ns: u64) {
        let mut next = Some((index, reason));
        while let Some((index, reason)) = next {
            next = self.is_alone(index, reason).then(|| self.tell(index, reason, now_ns)).flatten();
        }
    }

    /// Whether all of an actor's group has ended. If not, that is seen to first.
    fn is_alone(&mut self, index: usize, reason: EndReason) -> bool {
        let Some(group) = self.groups.get_mut(index) else { return false };
        group.decides.shut_down();
        group.last = None;
        let alone = group.decides.is_over();
        group.ended = (!alone).then_some(reason);
        alone
    }

    /// Tells an actor's supervisor of its end. That may be the last that the supervisor's own end waited for.
    fn tell(&mut self, index: usize, reason: EndReason, now_ns: u64) -> Option<(usize, EndReason)> {
        let (by, member) = self.place(index)?;
        let group = self.groups.get_mut(by)?;
        group.decides.ended(member, reason, now_ns);
        let ended = group.ended.take_if(|_| group.decides.is_over())?;
        Some((by, ended))
    }

    /// An actor's supervisor, and which of its group it is.
    fn place(&self, index: usize) -> Option<(usize, usize)> {
        self.groups.iter().enumerate().find_map(|(by, group)| Some((by, group.member(index)?)))
    }

    fn place_mut(&mut self, index: usize) -> Option<(&mut Group, usize)> {
        let (by, member) = self.place(index)?;
        Some((self.groups.get_mut(by)?, member))
    }
}

impl Group {
    fn member(&self, index: usize) -> Option<usize> {
        self.members.iter().position(|member| *member == index)
    }

    fn next(&mut self, by: usize, now_ns: u64) -> Option<Todo> {
        let action = self.decides.next(now_ns)?;
        let (Action::Start(member) | Action::Stop(member) | Action::GiveUp(member)) = action;
        let index = *self.members.get(member)?;
        Some(match action {
            Action::Start(_) => Todo::Start(index),
            Action::Stop(_) => Todo::Stop(index),
            Action::GiveUp(_) if by == 0 => Todo::StaysDown(index),
            Action::GiveUp(_) => Todo::Fails { member: index, supervisor: by },
        })
    }
}

/// Those whom the actor at `by` supervises.
fn group(by: u32, supervisor: &ActorEntry<'_>, entries: &[ActorEntry<'_>]) -> Group {
    let own = |entry: &ActorEntry<'_>| match entry.head.supervisor {
        NO_ACTOR => by == 0,
        index => by == index,
    };
    let members = entries.iter().enumerate().skip(1).filter(|(_, entry)| own(entry));
    let (members, policies): (Vec<usize>, Vec<Policy>) =
        members.map(|(index, entry)| (index, Policy::from(&entry.head))).unzip();
    let strategy = supervisor.head.strategy;
    let decides = Supervisor::new(strategy, policies);
    Group { decides, one_for_one: strategy == Strategy::OneForOne, members, ended: None, last: None }
}
