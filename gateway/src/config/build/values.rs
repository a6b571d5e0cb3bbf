//! Values that several sections have: names, durations, references.

use crate::config::key::Key;
use crate::config::report::{Mistake, Report};
use crate::config::suggest;
use std::time::Duration;

/// The duration at `key`, or `default` if there is none.
pub(crate) fn duration(report: &mut Report<'_>, key: &Key, raw: Option<&str>, default: Duration) -> Option<Duration> {
    match raw {
        Some(text) => report.take(key, parse_duration(text)),
        None => Some(default),
    }
}

/// Bytes, as in `"64KiB"`.
pub(crate) fn size(text: &str) -> Result<u64, Mistake> {
    const UNITS: [(&str, u32); 4] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("B", 0)];
    let wrong = || Mistake::new("not a size").help(r#"write "500B", "64KiB", "100MiB" or "1GiB""#.to_owned());
    let (number, shift) =
        UNITS.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift))).ok_or_else(wrong)?;
    let number: u32 = number.trim_end().parse().map_err(|_| wrong())?;
    Ok(u64::from(number) << shift)
}

/// What to report for something required.
pub(crate) fn missing(example: &str) -> Mistake {
    Mistake::new("is missing").help(write(example))
}

/// Help that shows a value.
pub(crate) fn write(example: &str) -> String {
    format!("write {example:?}")
}

/// What to report for a reference to a `what` that does not exist.
pub(crate) fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Mistake {
    let help = suggest::help(name, known).unwrap_or_else(|| "none is defined".to_owned());
    Mistake::new(format!("unknown {what}")).help(help)
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

fn parse_duration(text: &str) -> Result<Duration, Mistake> {
    let Ok(duration) = humantime::parse_duration(text) else {
        return Err(Mistake::new("not a duration").help(r#"write "15m", "24h" or "14d""#.to_owned()));
    };
    if duration < SHORTEST {
        return Err(Mistake::new("must be at least one second"));
    }
    if duration > LONGEST {
        return Err(Mistake::new("must be at most ten years"));
    }
    Ok(duration)
}

const SHORTEST: Duration = Duration::from_secs(1);
/// Nothing that is added to a clock may overflow it.
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 60 * 60);
