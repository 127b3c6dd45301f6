//! Models of fuel that travels with a call: the kernel's own loan, between a server that draws and puts back and a
//! caller that closes it, and the way in which a server finds the loan of the call that it has got.
//!
//! What counts is that what the account counts as used is what was used, and that nobody works on what was lent with
//! another call. Each model has a twin in which one step looks first and acts then; a twin must panic, else the model
//! sees nothing. The twins act on the kernel's own loans.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

use std::sync::Arc;
use tessera_abi::{Amounts, Name, Resource};
use tessera_core::account::{Account, Loan, Loans};
use tessera_core::sched::gate::{Gate, Ticket};

const HAS: u64 = 5;

/// A metered account.
fn account() -> Arc<Account> {
    let machine = Account::machine(Name::EMPTY, &Amounts::NONE.with(Resource::Memory, 1 << 20));
    machine.split(Name::EMPTY, &Amounts::NONE.with(Resource::Fuel, HAS)).unwrap()
}

/// Serves: draws up to so much; how much it then uses.
type Draw = fn(&Loan, u64) -> u64;

/// Somebody draws three of what is lent, uses one less than it has got, and puts that back, while its caller gives up.
fn a_server_against_its_caller(draw: Draw, close: fn(&Loan, &Account)) {
    loom::model(move || {
        let account = account();
        let loan = Arc::new(Loan::take(&account, 4).unwrap());
        let at_server = loan.clone();
        let server = loom::thread::spawn(move || {
            let drawn = draw(&at_server, 3);
            let back = drawn.min(1);
            at_server.put(back);
            drawn - back
        });
        close(&loan, &account);
        let used = server.join().unwrap();
        assert_eq!(loan.draw(9), 0, "it is closed");
        let figures = account.figures(Resource::Fuel);
        assert_eq!((figures.used, figures.free), (used, HAS - used), "it is used or back");
    });
}

fn close(loan: &Loan, _: &Account) {
    loan.close();
}

#[test]
fn a_loan_is_used_or_comes_back() {
    a_server_against_its_caller(Loan::draw, close);
}

/// The planted bug: what goes back is what was left a moment ago.
#[test]
#[should_panic(expected = "it is used or back")]
fn a_closing_that_looks_first_is_found() {
    a_server_against_its_caller(Loan::draw, |loan, account| {
        let left = loan.left();
        account.refund_fuel(left);
        let _gone = loan.draw(left);
        loan.close();
    });
}

/// The planted bug: what is drawn is what was there a moment ago.
#[test]
#[should_panic(expected = "it is used or back")]
fn a_draw_that_looks_first_is_found() {
    let draw: Draw = |loan, most| {
        let seen = loan.left().min(most);
        let _less = loan.draw(seen);
        seen
    };
    a_server_against_its_caller(draw, close);
}

/// How a server finds the loan of a call: among what the caller lends, at its gate, by the ticket of its wait.
type Find = fn(&Loans, &Gate, Ticket) -> Option<Arc<Loan>>;

/// A caller gives up and calls somebody else, with another loan, while a server takes its first call.
fn a_loan_is_found_while_its_caller_calls_anew(find: Find) {
    loom::model(move || {
        let account = account();
        let [first, second] = [1, 2].map(|fuel| Arc::new(Loan::take(&account, fuel).unwrap()));
        let (loans, gate) = (Arc::new(Loans::default()), Arc::new(Gate::new()));
        loans.lend(&first);
        let ticket = gate.arm();
        let at_server = (loans.clone(), gate.clone());
        let server = loom::thread::spawn(move || find(&at_server.0, &at_server.1, ticket));
        gate.withdraw();
        loans.lend_no_more();
        loans.lend(&second);
        gate.arm();
        let found = server.join().unwrap();
        assert!(found.is_none_or(|found| Arc::ptr_eq(&found, &first)), "it works on another call's loan");
    });
}

#[test]
fn a_server_finds_no_other_call_s_loan() {
    a_loan_is_found_while_its_caller_calls_anew(|loans, gate, ticket| {
        loans.lent_while(|| gate.ticket() == Some(ticket))
    });
}

/// The planted bug: whether the caller still waits is asked first.
#[test]
#[should_panic(expected = "it works on another call's loan")]
fn a_search_that_asks_first_is_found() {
    a_loan_is_found_while_its_caller_calls_anew(|loans, gate, ticket| {
        if gate.ticket() == Some(ticket) { loans.lent_while(|| true) } else { None }
    });
}
