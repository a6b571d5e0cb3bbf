//! Points in time and spans of time, as people of a language read them.

use super::Look;
use super::text::label;
use maud::{Markup, html};
use std::ops::Range;
use std::time::Duration;

/// The seconds, minutes, hours or days that something lasts: `14 days`, `2 hours`.
pub(crate) fn lasting(look: &Look<'_>, duration: Duration) -> String {
    let (count, unit) = in_round_figures(duration);
    look.say_with(&format!("lasting-{unit}"), &[("count", count.into())])
}

/// The same for something after or before that time: "in 2 hours", "30 seconds ago".
pub(super) fn after(look: &Look<'_>, duration: Duration) -> String {
    let (count, unit) = in_round_figures(duration);
    look.say_with(&format!("after-{unit}"), &[("count", count.into())])
}

/// How long to wait, rounded up, so that whoever waits that long has waited long enough.
pub(super) fn waiting(look: &Look<'_>, seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..60 => (seconds.max(1), "seconds"),
        60..3600 => (seconds.div_ceil(60), "minutes"),
        _ => (seconds.div_ceil(3600), "hours"),
    };
    look.say_with(&format!("after-{unit}"), &[("count", count.into())])
}

/// A time (RFC 3339, UTC) to the minute, for people and for programs.
pub(super) fn moment(look: &Look<'_>, at: &str) -> Markup {
    let parts = Parts::read(at).and_then(|parts| {
        let (hour, minute) = (at.get(11..13)?, at.get(14..16)?);
        let clock = [("hour", hour.into()), ("minute", minute.into())];
        Some(look.say_with("moment", &[parts.values(look).as_slice(), &clock].concat()))
    });
    html! { time datetime=(at) { (parts.unwrap_or_else(|| label(at))) } }
}

/// A day (`2026-11-22`).
pub(super) fn day(look: &Look<'_>, at: &str) -> String {
    Parts::read(at).map_or_else(|| label(at), |parts| look.say_with("day", &parts.values(look)))
}

struct Parts<'a> {
    year: &'a str,
    month: u8,
    day: u8,
}

impl<'a> Parts<'a> {
    fn read(at: &'a str) -> Option<Self> {
        let number = |range: Range<usize>| at.get(range)?.parse::<u8>().ok();
        Some(Self { year: at.get(..4)?, month: number(5..7)?, day: number(8..10)? })
    }

    fn values(&self, look: &Look<'_>) -> [(&'static str, super::FluentValue<'a>); 3] {
        let month = look.say_with("month", &[("month", self.month.into())]);
        [("year", self.year.into()), ("month", month.into()), ("day", self.day.into())]
    }
}

/// A count that says enough: seconds up to two minutes, minutes up to two hours, hours up to two days.
fn in_round_figures(duration: Duration) -> (u64, &'static str) {
    match duration.as_secs() {
        s if s >= 2 * 86_400 => (s / 86_400, "days"),
        s if s >= 2 * 3600 => (s / 3600, "hours"),
        s if s >= 120 => (s / 60, "minutes"),
        s => (s, "seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brand::Brand;

    #[test]
    fn waiting_times_read_well() {
        let brand = Brand::default();
        let (english, german) = (brand.look(None), brand.look(Some("de")));
        for (seconds, expected, in_german) in [
            (0, "1 second", "1 Sekunde"),
            (59, "59 seconds", "59 Sekunden"),
            (60, "1 minute", "1 Minute"),
            (61, "2 minutes", "2 Minuten"),
            (3600, "1 hour", "1 Stunde"),
            (3601, "2 hours", "2 Stunden"),
        ] {
            assert_eq!(waiting(&english, seconds), expected);
            assert_eq!(waiting(&german, seconds), in_german);
        }
    }

    #[test]
    fn spans_have_the_case_that_their_sentence_needs() {
        let brand = Brand::default();
        let german = brand.look(Some("de"));
        let fortnight = Duration::from_secs(14 * 86_400);
        assert_eq!(lasting(&german, fortnight), "14 Tage");
        assert_eq!(after(&german, fortnight), "14 Tagen");
        assert_eq!(lasting(&brand.look(None), Duration::from_secs(7200)), "2 hours");
        assert_eq!(after(&brand.look(None), Duration::from_secs(1)), "1 second");
    }

    #[test]
    fn times_are_written_as_the_language_writes_them() {
        let brand = Brand::default();
        let (english, german) = (brand.look(None), brand.look(Some("de")));
        let at = "2026-11-02T09:30:00Z";
        assert_eq!(moment(&english, at).0, "<time datetime=\"2026-11-02T09:30:00Z\">2 Nov 2026, 09:30 UTC</time>");
        assert!(moment(&german, at).0.contains(">2. Nov. 2026, 09:30 UTC<"));
        assert_eq!(day(&german, "2026-03-03"), "3. März 2026");
        assert!(moment(&english, "<b>\u{202E}").0.contains("&lt;b&gt;</time>"));
    }
}
