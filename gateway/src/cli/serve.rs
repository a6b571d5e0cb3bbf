//! `doorward serve`

use super::{Failure, load};
use crate::compose;
use crate::telemetry::start_logging;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(file: &Path) -> Result<ExitCode, Failure> {
    let config = load(file)?;
    let _logs = start_logging("info,pingora=warn,pingora_core=warn,pingora_proxy=warn");
    for warning in &config.warnings {
        tracing::warn!(target: "config", what = %warning);
    }
    let apps = config.apps.len();
    tracing::info!(target: "doorward", listen = ?config.server.listen, admin = config.server.admin_listen.map(tracing::field::display), apps, "serving");
    compose::run(config, Some(file.to_owned())).map_err(|failure| Failure::Other(failure.to_string()))?;
    Ok(ExitCode::SUCCESS)
}
