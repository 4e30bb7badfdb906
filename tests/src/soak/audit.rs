//! Checks a bank's balances against its transfers and against what callers were told.

use std::collections::HashMap;
use std::error::Error;

use uuid::Uuid;

use crate::observer::texts;
use crate::soak::bank::{Bank, Fate, OPENING, Order};

/// Each row's fields, which hold no space.
fn fields(rows: &[String]) -> impl Iterator<Item = Vec<&str>> {
    rows.iter().map(|row| row.split(' ').collect())
}

fn id(text: &str) -> Result<Uuid, uuid::Error> {
    text.parse()
}

/// Compares the balances with the ledger, and the ledger with what callers were told. What differs is a violation.
pub(super) async fn audit(bank: &Bank) -> Result<(), Box<dyn Error + Send + Sync>> {
    let connection = bank.place.connect().await?;
    let owned = format!("WHERE user_id = '{}'", bank.owner);
    let accounts = format!("SELECT concat_ws(' ', id, balance) FROM accounts {owned}");
    let accounts = texts(&connection, &accounts).await?;
    let ledger =
        format!("SELECT concat_ws(' ', id, source, target, amount) FROM transfers {owned}");
    let ledger = texts(&connection, &ledger).await?;
    connection.close().await?;

    let tally = &bank.tally;
    let mut expected: HashMap<Uuid, i64> = bank.accounts.iter().map(|id| (*id, OPENING)).collect();
    let book = bank.book();
    let mut entered = HashMap::new();
    for row in fields(&ledger) {
        let [key, source, target, amount] = row[..] else {
            return Err("a transfer has four fields".into());
        };
        let order = Order {
            id: id(key)?,
            source: id(source)?,
            target: id(target)?,
            amount: amount.parse()?,
        };
        *expected.entry(order.source).or_default() -= order.amount;
        *expected.entry(order.target).or_default() += order.amount;
        let known = book.get(&order.id).map(|(asked, _)| asked);
        tally.must(known == Some(&order), || {
            format!("the ledger has {order:?}, and {known:?} was asked for")
        });
        entered.insert(order.id, order);
    }
    for (order, fate) in book.values() {
        let is_entered = entered.contains_key(&order.id);
        match fate {
            Fate::Done => tally.must(is_entered, || {
                format!("{order:?} was acknowledged and is lost")
            }),
            Fate::NotDone => {
                tally.must(!is_entered, || format!("{order:?} was refused and is done"))
            }
            Fate::Unknown => {}
        }
    }
    let mut total = 0;
    for row in fields(&accounts) {
        let [account, balance] = row[..] else {
            return Err("an account has two fields".into());
        };
        let (account, balance): (Uuid, i64) = (id(account)?, balance.parse()?);
        total += balance;
        let wanted = expected.remove(&account);
        tally.must(wanted == Some(balance), || {
            format!("half a unit: {account} has {balance}, and by the ledger {wanted:?}")
        });
        tally.must(balance >= 0, || format!("{account} has {balance}"));
    }
    tally.must(expected.is_empty(), || {
        format!("accounts are gone: {expected:?}")
    });
    let wanted = OPENING * bank.accounts.len() as i64;
    tally.must(total == wanted, || {
        format!("the total is {total}, not {wanted}")
    });
    Ok(())
}
