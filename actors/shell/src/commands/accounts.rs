//! The command that shows accounts.
//!
//! Does not: check the sums (the kernel does, in debug builds).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use actor_sdk::abi::account::{AMOUNT_MOST, Resource};
use actor_sdk::abi::{AccountRecord, Amounts};

use super::Trouble;
use crate::Shell;
use crate::format::{bytes, table};

pub fn accounts(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let [] = arguments else { return Err(Trouble::Usage) };
    let all: Vec<AccountRecord> = shell.system.accounts().collect();
    let head = ["NAME", "MEMORY", "SLOTS", "MAILBOX", "ACTORS", "FUEL"];
    let mut rows = Vec::from([head.map(String::from).to_vec()]);
    add(&all, AccountRecord::NO_PARENT, 0, &mut rows);
    Ok(shell.terminal.write(&table(&rows))?)
}

/// Adds the accounts that were split from one, each with those below it. Accounts are split to a bounded depth.
fn add(all: &[AccountRecord], parent: u32, depth: usize, rows: &mut Vec<Vec<String>>) {
    for account in all.iter().filter(|account| account.parent == parent) {
        let mut row = Vec::from([format!("{}{}", "  ".repeat(depth), account.name.as_str())]);
        row.extend(Resource::ALL.iter().map(|resource| cell(account, *resource)));
        rows.push(row);
        add(all, account.index, depth + 1, rows);
    }
}

/// What is in use, of how much, and what is owed; a dash for fuel where none is counted. What an account has given is in
/// the rows below it.
fn cell(account: &AccountRecord, resource: Resource) -> String {
    if resource == Resource::Fuel && !account.is_metered() {
        return "-".into();
    }
    let shown = |amounts: &Amounts| match (amounts.of(resource), resource) {
        (AMOUNT_MOST, _) => "any".into(),
        (amount, Resource::Memory | Resource::Mailbox) => bytes(amount),
        (amount, Resource::Slots | Resource::Actors | Resource::Fuel) => amount.to_string(),
    };
    let text = format!("{} of {}", shown(&account.used), shown(&account.limit));
    if account.owed.of(resource) == 0 { text } else { format!("{text}, owes {}", shown(&account.owed)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::shown;
    use actor_sdk::abi::Name;
    use actor_sdk::abi::account::UNMETERED;

    fn account(index: u32, parent: u32, name: &str, limit: Amounts) -> AccountRecord {
        let used =
            Amounts { memory: 3 << 20, slots: 70, mailbox: 100, actors: 2, fuel: 40_064, ..Amounts::NONE };
        let name = Name::new_truncated(name);
        let none = Amounts::NONE;
        AccountRecord { index, parent, name, limit, used, given: none, free: none, owed: none }
    }

    #[test]
    fn accounts_are_shown_below_what_they_were_split_from() {
        let part = Amounts {
            memory: 4 << 20,
            slots: 100,
            mailbox: 4096,
            actors: 3,
            fuel: UNMETERED,
            ..Amounts::NONE
        };
        let billed = Amounts { fuel: 1_000_000, ..part };
        let machine = Amounts { fuel: UNMETERED, ..Amounts::MOST };
        let text = shown("accounts\n", |kernel| {
            kernel.add_account(account(0, AccountRecord::NO_PARENT, "machine", machine));
            kernel.add_account(account(1, 0, "guests", part));
            kernel.add_account(account(2, 0, "others", billed));
            let owed = Amounts { actors: 1, ..Amounts::NONE };
            let limit = Amounts { actors: 1, ..part };
            kernel.add_account(AccountRecord { owed, ..account(3, 1, "games", limit) });
        });
        let rows: Vec<Vec<&str>> = text
            .lines()
            .skip_while(|line| !line.starts_with("NAME"))
            .skip(1)
            .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
            .take(4)
            .collect();
        let like = |name, actors, fuel| {
            Vec::from([name, "3 MiB of 4 MiB", "70 of 100", "100 B of 4 KiB", actors, fuel])
        };
        let expected = [
            Vec::from(["machine", "3 MiB of any", "70 of any", "100 B of any", "2 of any", "-"]),
            like("guests", "2 of 3", "-"),
            like("games", "2 of 1, owes 1", "-"),
            like("others", "2 of 3", "40064 of 1000000"),
        ];
        assert_eq!(rows, expected, "{text}");
        assert!(text.contains("\n    games") && text.contains("\n  others"), "{text}");
    }
}
