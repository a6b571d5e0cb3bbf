//! `[server.limits]` and `[apps.ID.limits]`.

use super::values::{duration, missing, size, write};
use crate::config::key::Key;
use crate::config::raw::{RawAppLimits, RawLimits, RawPer, RawRequestLimit};
use crate::config::report::{Mistake, Report};
use crate::config::{AppLimits, Limits, Per, RequestLimit};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

/// `[server.limits]`
pub(crate) fn limits(report: &mut Report<'_>, raw: &RawLimits) -> Option<Limits> {
    let key = Key::section("server").field("limits");
    let usual = Limits::default();
    let mut time = |name, raw: &Option<String>, usual| duration(report, &key.field(name), raw.as_deref(), usual);
    let header_timeout = time("header_timeout", &raw.header_timeout, usual.header_timeout);
    let idle_timeout = time("idle_timeout", &raw.idle_timeout, usual.idle_timeout);
    let upload_timeout = time("upload_timeout", &raw.upload_timeout, usual.upload_timeout);
    let download_timeout = time("download_timeout", &raw.download_timeout, usual.download_timeout);
    let mut bytes =
        |name, raw: &Option<String>, range, usual| bytes(report, &key.field(name), raw.as_deref(), range, usual);
    let header_bytes = bytes("header_bytes", &raw.header_bytes, HEADER_BYTES, usual.header_bytes as u64);
    let url_length = bytes("url_length", &raw.url_length, URL_LENGTH, usual.url_length as u64);
    let upload_rate = bytes("upload_rate", &raw.upload_rate, 0..=MIB, usual.upload_rate);
    let mut number = |name, raw, range, usual| number(report, &key.field(name), raw, range, usual);
    let header_count = number("header_count", raw.header_count, HEADER_COUNT, usual.header_count);
    let connections = number("connections", raw.connections, CONNECTIONS, usual.connections);
    let per_address = number("connections_per_address", raw.connections_per_address, CONNECTIONS, PER_ADDRESS);
    let http2_streams = number("http2_streams", raw.http2_streams, HTTP2, usual.http2_streams as usize);
    let http2_resets = number("http2_resets", raw.http2_resets, HTTP2, usual.http2_resets);
    let requests = requests(report, &key.field("requests"), &raw.requests, &[Per::Address]);
    Some(Limits {
        header_bytes: usize::try_from(header_bytes?).ok()?,
        header_count: header_count?,
        url_length: usize::try_from(url_length?).ok()?,
        header_timeout: header_timeout?,
        idle_timeout: idle_timeout?,
        connections: connections?,
        connections_per_address: per_address?.min(connections?),
        http2_streams: u32::try_from(http2_streams?).ok()?,
        http2_resets: http2_resets?,
        upload_timeout: upload_timeout?,
        upload_rate: upload_rate?,
        download_timeout: download_timeout?,
        requests: requests?,
    })
}

/// `[apps.ID.limits]`
pub(crate) fn of_app(report: &mut Report<'_>, app: &Key, raw: Option<&RawAppLimits>) -> Option<AppLimits> {
    let Some(raw) = raw else { return Some(AppLimits::default()) };
    let key = app.field("limits");
    let body = raw.body.as_deref().map_or(Some(None), |text| report.take(&key.field("body"), size(text)).map(Some));
    let requests = requests(report, &key.field("requests"), &raw.requests, &[Per::Identity, Per::Client, Per::Address]);
    Some(AppLimits { body: body?, requests: requests? })
}

fn requests(report: &mut Report<'_>, key: &Key, raw: &[RawRequestLimit], known: &[Per]) -> Option<Vec<RequestLimit>> {
    let read = raw.iter().enumerate().map(|(index, raw)| request_limit(report, &key.index(index), raw, known));
    // All of them first, so that every mistake is told.
    read.collect::<Vec<_>>().into_iter().collect()
}

fn request_limit(report: &mut Report<'_>, key: &Key, raw: &RawRequestLimit, known: &[Per]) -> Option<RequestLimit> {
    let per = report.take(&key.field("per"), per(raw.per, known));
    let rate = raw.rate.as_deref().ok_or_else(|| missing(RATE_EXAMPLE)).and_then(rate);
    let rate = report.take(&key.field("rate"), rate);
    let burst = match raw.burst {
        None => rate.map(|(count, _)| count),
        Some(burst) => {
            let wrong = || Mistake::new(format!("must be between 1 and {MOST}"));
            report.take(&key.field("burst"), requests_of(burst).ok_or_else(wrong))
        }
    };
    let (count, within) = rate?;
    let limit = RequestLimit { per: per?, count, within, burst: burst? };
    // A bucket that is full again only after years is none, and its arithmetic would overflow.
    if limit.within.checked_mul(limit.burst.get()).is_none_or(|time| time / limit.count.get() > LONGEST) {
        report.error(key, "takes more than a year to allow `burst` requests again");
        return None;
    }
    Some(limit)
}

fn per(raw: Option<RawPer>, known: &[Per]) -> Result<Per, Mistake> {
    let per = match raw.ok_or_else(|| missing("address"))? {
        RawPer::Identity => Per::Identity,
        RawPer::Client => Per::Client,
        RawPer::Address => Per::Address,
    };
    if known.contains(&per) {
        return Ok(per);
    }
    let help = "write it into the `limits` of apps, or \"address\" here".to_owned();
    Err(Mistake::new("is not known before a request has reached its app").help(help))
}

/// `"100/1m"`
fn rate(text: &str) -> Result<(NonZeroU32, Duration), Mistake> {
    let wrong = || Mistake::new("not a number of requests and a time").help(write(RATE_EXAMPLE));
    let (count, within) = text.split_once('/').ok_or_else(wrong)?;
    let count = count.trim().parse().ok().and_then(requests_of).ok_or_else(wrong)?;
    let within = humantime::parse_duration(within.trim()).map_err(|_| wrong())?;
    if within < Duration::from_secs(1) || within > DAY {
        return Err(Mistake::new("the time must be between a second and a day").help(write(RATE_EXAMPLE)));
    }
    Ok((count, within))
}

fn requests_of(count: u64) -> Option<NonZeroU32> {
    u32::try_from(count).ok().filter(|count| *count <= MOST).and_then(NonZeroU32::new)
}

fn bytes(report: &mut Report<'_>, key: &Key, raw: Option<&str>, range: RangeInclusive<u64>, usual: u64) -> Option<u64> {
    let Some(text) = raw else { return Some(usual) };
    let within = |bytes: u64| match range.contains(&bytes) {
        true => Ok(bytes),
        false => Err(Mistake::new(format!("must be between {}B and {}KiB", range.start(), range.end() / 1024))),
    };
    report.take(key, size(text).and_then(within))
}

fn number(
    report: &mut Report<'_>,
    key: &Key,
    raw: Option<u64>,
    range: RangeInclusive<u64>,
    usual: usize,
) -> Option<usize> {
    let number = match raw {
        None => Ok(usual),
        Some(number) => match usize::try_from(number) {
            Ok(number) if range.contains(&(number as u64)) => Ok(number),
            _ => Err(Mistake::new(format!("must be between {} and {}", range.start(), range.end()))),
        },
    };
    report.take(key, number)
}

const RATE_EXAMPLE: &str = "100/1m";
const MIB: u64 = 1024 * 1024;
/// What the parser below takes is a mebibyte.
const HEADER_BYTES: RangeInclusive<u64> = 1024..=512 * 1024;
const URL_LENGTH: RangeInclusive<u64> = 256..=32 * 1024;
/// The parser below takes 256.
const HEADER_COUNT: RangeInclusive<u64> = 16..=250;
const CONNECTIONS: RangeInclusive<u64> = 1..=1_000_000;
const PER_ADDRESS: usize = 1000;
const HTTP2: RangeInclusive<u64> = 1..=10_000;
const MOST: u32 = 10_000_000;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST: Duration = Duration::from_secs(366 * DAY.as_secs());
