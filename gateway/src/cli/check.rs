//! `doorward check`

use super::{Failure, load};
use crate::world::{System, rfc3339};
use oauth::world::Clock;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Print the effective configuration, with secrets redacted.
    #[arg(long)]
    print: bool,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(&self, file: &Path) -> Result<ExitCode, Failure> {
        let config = load(file)?;
        for warning in &config.warnings {
            eprintln!("warning: {warning}");
        }
        for (file, not_after) in config.server.ended(System.now()) {
            eprintln!("warning: the certificate in `{file}` has ended on {}", rfc3339(not_after));
        }
        if self.print || self.json {
            println!("{:#}", config.summary());
        } else {
            println!("{}: right; {} app(s), {} warning(s)", file.display(), config.apps.len(), config.warnings.len());
        }
        Ok(ExitCode::SUCCESS)
    }
}
