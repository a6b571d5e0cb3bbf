//! `[apps.ID.mcp]`

use super::values::size;
use crate::config::Mcp;
use crate::config::key::Key;
use crate::config::raw::RawMcp;
use crate::config::report::{Mistake, Report};
use policy::Policies;

/// Reads the table of one app; what is `None` inside is an app whose messages nobody reads.
pub(crate) fn mcp(
    report: &mut Report<'_>,
    key: &Key,
    raw: Option<&RawMcp>,
    policies: Option<&Policies>,
) -> Option<Option<Mcp>> {
    let needed = policies.is_some_and(Policies::need_messages);
    let enabled = raw.is_some_and(|raw| raw.enabled != Some(false)) || (raw.is_none() && needed);
    if needed && !enabled {
        let mistake = Mistake::new("a policy of the app asks for `mcp_tool` or `mcp_method`");
        report.error(&key.field("enabled"), mistake.help("leave `enabled = false` out".to_owned()));
        return None;
    }
    let max_body = match raw.and_then(|raw| raw.max_body.as_deref()) {
        Some(text) => report.take(&key.field("max_body"), max_body(text))?,
        None => DEFAULT,
    };
    Some(enabled.then_some(Mcp { max_body }))
}

fn max_body(text: &str) -> Result<usize, Mistake> {
    let bytes = size(text)?;
    let fits = usize::try_from(bytes).ok().filter(|bytes| (1..=LARGEST).contains(bytes));
    fits.ok_or_else(|| Mistake::new("must be between 1B and 64MiB"))
}

const DEFAULT: usize = 1024 * 1024;
const LARGEST: usize = 64 * 1024 * 1024;
