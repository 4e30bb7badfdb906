//! Takes the turns of Catamaran for another process, so that builds over two versions of the library can be compared in
//! one run: a line of JSON on standard input for each request, and one on standard output for each answer.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use crate::contestant::Outcome;
use crate::run::{Amount, run};
use crate::stage::{Address, Stage, Who};
use crate::verify;
use crate::workload::Workload;

/// The argument of a process that does this.
pub const SERVE: &str = "--serve";

/// The answer to the address: the contestants are connected and verified.
#[derive(Serialize, Deserialize)]
pub struct Ready {
    /// How many there are.
    pub contestants: usize,
}

/// A turn.
#[derive(Serialize, Deserialize)]
pub struct Request {
    /// The name of the contestant.
    pub contestant: String,
    /// What it does.
    pub workload: Workload,
    /// How much of it.
    pub amount: Amount,
}

/// Answers requests until standard input ends. The first line is the [`Address`].
///
/// # Errors
/// If the contestants cannot be connected or differ, or a line is no request.
pub async fn serve() -> Outcome<()> {
    let mut lines = BufReader::new(stdin()).lines();
    let address = lines.next_line().await?.ok_or("no address")?;
    let address: Address = serde_json::from_str(&address)?;
    let stage = Arc::new(Stage::connect(address, Who::Catamaran).await?);
    verify(&stage).await?;
    answer(&Ready {
        contestants: stage.contestants().len(),
    })?;
    while let Some(line) = lines.next_line().await? {
        let request: Request = serde_json::from_str(&line)?;
        let contestant = stage.contestant(&request.contestant)?;
        answer(&run(&stage, &contestant, request.workload, request.amount).await?)?;
    }
    Ok(())
}

fn answer(value: &impl Serialize) -> Outcome<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}
