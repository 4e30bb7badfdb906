//! A contestant of this program, or one that another program runs for it.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

use crate::contestant::{Contestant, Outcome};
use crate::run::{Amount, Sample, run};
use crate::serve::{Ready, Request, SERVE};
use crate::stage::{Address, Stage};
use crate::workload::Workload;

/// Someone who takes turns.
pub struct Player {
    /// The heading of the column.
    pub name: String,
    body: Body,
}

enum Body {
    Here(Arc<dyn Contestant>),
    There {
        host: Arc<Mutex<Host>>,
        contestant: &'static str,
        can: Vec<Workload>,
    },
}

/// Another process of this program, or of an older build of it.
pub struct Host {
    child: Child,
    requests: ChildStdin,
    samples: Lines<BufReader<ChildStdout>>,
}

impl Host {
    /// Starts the program, which connects its contestants and verifies them.
    ///
    /// # Errors
    /// If it cannot be started or verified.
    pub async fn start(program: &Path, address: &Address) -> Outcome<Self> {
        let mut command = Command::new(program);
        let mut child = command
            .arg(SERVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let requests = child.stdin.take().ok_or("no standard input")?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let mut host = Host {
            child,
            requests,
            samples: BufReader::new(output).lines(),
        };
        let _: Ready = host.ask(address).await?;
        Ok(host)
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &mut self,
        request: &impl serde::Serialize,
    ) -> Outcome<T> {
        let mut line = serde_json::to_string(request)?;
        line.push('\n');
        self.requests.write_all(line.as_bytes()).await?;
        let answer = self.samples.next_line().await?;
        let answer = answer.ok_or("the other program has ended")?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// Ends the process.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub async fn end(mut self) -> Outcome<()> {
        drop(self.requests);
        self.child.wait().await?;
        Ok(())
    }
}

impl Player {
    /// A contestant of this program.
    pub fn here(contestant: &Arc<dyn Contestant>) -> Self {
        Player {
            name: contestant.name().to_owned(),
            body: Body::Here(contestant.clone()),
        }
    }

    /// The same contestant in another process.
    pub fn there(contestant: &Arc<dyn Contestant>, host: &Arc<Mutex<Host>>, suffix: &str) -> Self {
        let can = Workload::ALL.into_iter();
        Player {
            name: format!("{}{suffix}", contestant.name()),
            body: Body::There {
                host: host.clone(),
                contestant: contestant.name(),
                can: can.filter(|workload| contestant.can(*workload)).collect(),
            },
        }
    }

    /// Whether it takes part in the workload.
    pub fn can(&self, workload: Workload) -> bool {
        match &self.body {
            Body::Here(contestant) => contestant.can(workload),
            Body::There { can, .. } => can.contains(&workload),
        }
    }

    /// Takes a turn. An error is part of the sample.
    pub async fn play(&self, stage: &Arc<Stage>, workload: Workload, amount: Amount) -> Sample {
        let played = match &self.body {
            Body::Here(contestant) => run(stage, contestant, workload, amount).await,
            Body::There {
                host, contestant, ..
            } => {
                let request = Request {
                    contestant: (*contestant).to_owned(),
                    workload,
                    amount,
                };
                host.lock().await.ask(&request).await
            }
        };
        played.unwrap_or_else(|error| Sample::failed(&error.to_string()))
    }
}
