//! The command `baseline`.

use super::arguments::{Arguments, BaselineOptions, given};
use super::error::CliError;
use super::{Cli, print};
use crate::doctor::{Baseline, BaselineError};
use crate::migrate::History;

impl Cli {
    pub(super) async fn baseline<H: History>(
        &self,
        arguments: &Arguments,
        options: &BaselineOptions,
    ) -> Result<(), CliError> {
        let up_to = options.up_to.as_str();
        let mut baseline = Baseline::up_to(up_to).application_role(self.application_role.as_str());
        if let Some(domain) = self.domain {
            baseline = baseline.domain(domain);
        }
        if let Some(schemas) = arguments.schemas() {
            baseline = baseline.schemas(schemas);
        }
        if let Some(server) = given(&options.server) {
            baseline = baseline.server(server);
        }
        let names = match baseline.record::<H>(arguments.url()?).await {
            Err(BaselineError::Differs { up_to, report }) => {
                print(&mut std::io::stdout().lock(), &format!("{report}\n"))?;
                return Err(BaselineError::Differs { up_to, report }.into());
            }
            recorded => recorded?,
        };
        let mut text = String::new();
        for name in &names {
            text.push_str(&format!("Migration '{name}' is recorded as applied\n"));
        }
        if names.is_empty() {
            text.push_str(&format!(
                "No migration to record: all up to '{up_to}' are recorded already\n"
            ));
        }
        print(&mut std::io::stdout().lock(), &text)
    }
}
