//! `doorward serve`

use super::{Failure, load};
use crate::compose::{self, Start};
use crate::telemetry::start_logging;
use std::path::Path;
use std::process::ExitCode;

/// Run the gateway.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Take the sockets over from the gateway that runs with the same store, which then ends: no request is refused in between.
    #[arg(long)]
    upgrade: bool,
}

impl Serve {
    pub(super) fn run(&self, file: &Path) -> Result<ExitCode, Failure> {
        let config = load(file)?;
        let _logs = start_logging("info,pingora=warn,pingora_core=warn,pingora_proxy=warn");
        for warning in &config.warnings {
            tracing::warn!(target: "config", what = %warning);
        }
        let apps = config.apps.len();
        tracing::info!(target: "doorward", listen = ?config.server.listen, admin = config.server.admin_listen.map(tracing::field::display), apps, "serving");
        let start = Start { file: Some(file.to_owned()), upgrade: self.upgrade };
        compose::run(config, start).map_err(|failure| Failure::Other(failure.to_string()))?;
        Ok(ExitCode::SUCCESS)
    }
}
