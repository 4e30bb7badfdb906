//! A client in a process of its own, which may be killed: it says on its standard output what it asks for and
//! what it was told.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use catamaran::{Query, Scope};
use fastrand::Rng;
use futures_util::TryStreamExt;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::bank::Account;
use crate::pace::PLENTY;
use crate::soak::bank::{Bank, Fate, Order, with_failures};
use crate::soak::database::Database;
use crate::soak::tally::Tally;

/// The argument that makes the `soak` program such a client.
pub const ARGUMENT: &str = "client";

/// Where the client finds its database: a URL may hold a password, and arguments are seen by everyone.
const URL: &str = "CATAMARAN_SOAK_URL";

/// How many orders a client has under way at once.
const TELLERS: usize = 4;

/// The longest life of a client, so that none outlives a killed soak for long.
const LONGEST: Duration = Duration::from_secs(60);

/// How often it looks whether anything was violated.
const LOOK: Duration = Duration::from_millis(20);

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What the client's process does: transfers until it is killed.
///
/// # Errors
/// Those of opening the store.
pub async fn run(owner: Uuid, seed: u64) -> Outcome<()> {
    let url = std::env::var(URL)?;
    let engine = if url.starts_with("sqlite:") {
        catamaran::Engine::Sqlite
    } else {
        catamaran::Engine::Postgres
    };
    let place = Database { engine, url };
    let store = place.options().open().await?;
    let accounts = store.repository::<Account>(&Scope::owner(owner));
    let accounts: Vec<Account> = accounts.stream(Query::all()).try_collect().await?;
    let ids: Arc<[Uuid]> = accounts.iter().map(|account| account.id).collect();
    let tally = Tally::default();
    let bank = Bank::of(&place, owner, ids, &tally);
    let mut rng = Rng::with_seed(seed);
    for _ in 0..TELLERS {
        let (bank, store, mut rng) = (bank.clone(), store.clone(), rng.fork());
        tokio::spawn(async move {
            loop {
                let order = bank.order(&mut rng);
                let Order {
                    id,
                    source,
                    target,
                    amount,
                } = order;
                println!("asked {id} {source} {target} {amount}");
                let fate = bank.carry_out(&store, order, with_failures).await;
                println!("{fate:?} {id}");
            }
        });
    }
    for _ in 0..LONGEST.as_millis() / LOOK.as_millis() {
        tokio::time::sleep(LOOK).await;
        for violation in tally.figures().violations {
            println!("violated {violation}");
        }
    }
    Ok(())
}

/// A client that runs.
pub struct Client {
    child: Child,
    bank: Bank,
    /// Set once it has said something.
    said: Arc<AtomicBool>,
    output: tokio::task::JoinHandle<std::io::Result<String>>,
}

impl Client {
    /// Starts one: `program` is the path of `soak`.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(program: &Path, bank: &Bank, seed: u64) -> Outcome<Self> {
        let mut command = Command::new(program);
        command.args([ARGUMENT, &bank.owner.to_string(), &seed.to_string()]);
        command.env(URL, &bank.place.url);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut stdout = child
            .stdout
            .take()
            .ok_or("the output was asked for as a pipe")?;
        let said = Arc::new(AtomicBool::new(false));
        let heard = said.clone();
        let output = tokio::spawn(async move {
            let mut bytes = Vec::new();
            while stdout.read_buf(&mut bytes).await? > 0 {
                heard.store(true, std::sync::atomic::Ordering::Relaxed);
            }
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        });
        Ok(Client {
            child,
            bank: bank.clone(),
            said,
            output,
        })
    }

    /// Waits until the client has begun to work; false if it never does.
    pub async fn at_work(&self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < PLENTY {
            if self.said.load(std::sync::atomic::Ordering::Relaxed) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    /// Kills it (SIGKILL), and writes down what it was told before.
    ///
    /// # Errors
    /// If its output cannot be read.
    pub async fn kill(mut self) -> Outcome<()> {
        self.child.kill().await?;
        let output = self.output.await??;
        let mut asked = HashMap::new();
        // The last line may be cut short.
        let whole = output.rfind('\n').map_or("", |end| &output[..end]);
        for line in whole.lines() {
            if let Some(violation) = line.strip_prefix("violated ") {
                self.bank
                    .tally
                    .violated(format!("in a client: {violation}"));
                continue;
            }
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["asked", id, source, target, amount] => {
                    let order = Order {
                        id: id.parse()?,
                        source: source.parse()?,
                        target: target.parse()?,
                        amount: amount.parse()?,
                    };
                    self.bank.note(order, Fate::Unknown);
                    asked.insert(order.id, order);
                }
                [fate, id] => {
                    let order = asked.get(&id.parse()?).ok_or("told what was not asked")?;
                    match fate {
                        "Done" => self.bank.note(*order, Fate::Done),
                        "NotDone" => self.bank.note(*order, Fate::NotDone),
                        _ => {}
                    }
                    if fate == "Done" {
                        self.bank.tally.acknowledged_elsewhere();
                    }
                }
                _ => return Err(format!("a client said {line:?}").into()),
            }
        }
        Ok(())
    }
}
