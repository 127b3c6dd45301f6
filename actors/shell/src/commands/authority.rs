//! Commands that ask who may do what, and take it back.
//!
//! Invariant: a capability is named by its holder and its slot, as `caps` lists them. `revoke` says in
//! advance with `--dry-run` what it would do, by the kernel's own count.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use actor_sdk::NEVER;
use actor_sdk::abi::inspect::{ActorRecord, CapabilityRecord, HolderRecord};
use actor_sdk::abi::{GrantState, LimitsRecord, RevokeReceipt, RevokeScope, UNLIMITED, Usage};

use super::Trouble;
use super::actors::find;
use crate::Shell;
use crate::format::{table, time};

pub fn caps(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let [wanted] = arguments else { return Err(Trouble::Usage) };
    let actor = find(shell, wanted)?;
    let head = ["SLOT", "NAME", "KIND", "RIGHTS", "BADGE", "OF", "STATE", "LIMITS"];
    let mut rows = Vec::from([head.map(String::from).to_vec()]);
    for capability in shell.system.capabilities(&actor) {
        let left = shell.system.limits(&actor, &capability).unwrap_or(LimitsRecord::NONE);
        rows.push(caps_row(&capability, &left));
    }
    Ok(shell.terminal.write(&table(&rows))?)
}

fn caps_row(capability: &CapabilityRecord, left: &LimitsRecord) -> Vec<String> {
    Vec::from([
        capability.slot.to_string(),
        or_dash(capability.name.to_string()),
        capability.info.kind.name().into(),
        capability.info.rights.to_string(),
        badge(capability.info.badge),
        or_dash(capability.target.to_string()),
        state(capability).into(),
        or_dash(limits(left)),
    ])
}

/// What is left, in the words of somebody who asks how long it will do.
fn limits(left: &LimitsRecord) -> String {
    let uses = (left.uses_left != UNLIMITED).then(|| format!("uses {}", left.uses_left));
    let until = (left.expires_at_ns != NEVER).then(|| format!("until {}", time(left.expires_at_ns)));
    let rate =
        (left.rate_uses != 0).then(|| format!("rate {} per {}", left.rate_uses, time(left.rate_period_ns)));
    let parts: Vec<String> = [uses, until, rate].into_iter().flatten().collect();
    parts.join(", ")
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".into() } else { text }
}

fn badge(badge: u64) -> String {
    if badge == 0 { "-".into() } else { badge.to_string() }
}

/// Whether it has been used, unless it cannot be.
const fn state(capability: &CapabilityRecord) -> &'static str {
    match (capability.info.state, capability.info.usage) {
        (GrantState::Usable, Usage::Used) => "used",
        (GrantState::Usable, Usage::Never) => "unused",
        (other, _) => other.name(),
    }
}

/// Every capability that nobody has used since boot: what the wiring could do without.
pub fn unused(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let [] = arguments else { return Err(Trouble::Usage) };
    let head = ["ACTOR", "SLOT", "NAME", "KIND", "RIGHTS"];
    let mut rows = Vec::from([head.map(String::from).to_vec()]);
    for actor in shell.system.actors() {
        let unused = shell.system.capabilities(&actor);
        rows.extend(unused.filter(|one| state(one) == "unused").map(|one| {
            Vec::from([
                actor.name.to_string(),
                one.slot.to_string(),
                or_dash(one.name.to_string()),
                one.info.kind.name().into(),
                one.info.rights.to_string(),
            ])
        }));
    }
    Ok(shell.terminal.write(&table(&rows))?)
}

pub fn who_can(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let [actor, slot] = arguments else { return Err(Trouble::Usage) };
    let (actor, capability) = at(shell, actor, slot)?;
    let holders: Vec<HolderRecord> = shell.system.holders(&actor, &capability).collect();
    let head = ["HOLDER", "RIGHTS", "BADGE", "STATE", "CAME BY"];
    let mut rows = Vec::from([head.map(String::from).to_vec()]);
    for one in holders.iter().filter(|one| one.state != GrantState::Dropped) {
        rows.push(Vec::from([
            who(one),
            one.rights.to_string(),
            badge(one.badge),
            one.state.name().into(),
            or_dash(path(one, &holders)),
        ]));
    }
    Ok(shell.terminal.write(&table(&rows))?)
}

fn who(holder: &HolderRecord) -> String {
    match (holder.state, holder.holder) {
        (GrantState::Dropped, _) => "(dropped)".into(),
        (_, 0) => "(on its way)".into(),
        _ => holder.name.to_string(),
    }
}

/// Who held what it was derived from, the first of them first.
fn path(holder: &HolderRecord, all: &[HolderRecord]) -> String {
    let mut names = Vec::new();
    let mut at = holder.parent;
    while let Some(parent) = all.iter().find(|one| one.place == at) {
        names.push(who(parent));
        at = parent.parent;
        if names.len() > all.len() {
            // The tree has changed while it was listed.
            break;
        }
    }
    names.reverse();
    names.join(" > ")
}

pub fn revoke(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let (options, names): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|word| word.starts_with("--"));
    if options.iter().any(|option| !["--dry-run", "--whole"].contains(option)) {
        return Err(Trouble::Usage);
    }
    let &[actor, slot] = names.as_slice() else { return Err(Trouble::Usage) };
    let (actor, capability) = at(shell, actor, slot)?;
    let dry = options.contains(&"--dry-run");
    let scope = match (options.contains(&"--whole"), dry) {
        (false, false) => RevokeScope::Below,
        (true, false) => RevokeScope::Whole,
        (false, true) => RevokeScope::CountBelow,
        (true, true) => RevokeScope::CountWhole,
    };
    let receipt = shell.system.revoke(&actor, &capability, scope)?;
    Ok(shell.terminal.write(&told(&receipt, dry))?)
}

fn told(receipt: &RevokeReceipt, dry: bool) -> String {
    let (did, woken) = if dry { ("would take back", "blocked by it") } else { ("took back", "woken") };
    let plural = |count: u64, one: &str, more: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    };
    let nodes = plural(receipt.nodes, "capability", "capabilities");
    let actors = plural(receipt.actors, "actor", "actors");
    format!("{did} {nodes} of {actors}, {} {woken}\n", receipt.waiters)
}

/// The actor that is meant, and what it has in the slot now.
fn at(shell: &Shell, actor: &str, slot: &str) -> Result<(ActorRecord, CapabilityRecord), Trouble> {
    let actor = find(shell, actor)?;
    let slot: u32 = slot.parse().map_err(|_| Trouble::Usage)?;
    let found = shell.system.capabilities(&actor).find(|capability| capability.slot == slot);
    Ok((actor, found.ok_or_else(|| Trouble::EmptySlot(actor.name.to_string(), slot))?))
}
