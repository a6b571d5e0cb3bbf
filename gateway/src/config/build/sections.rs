//! `[server]`, `[auth]` and `[store]`.

use super::limits::limits;
use super::tls;
use super::values::{HOUR, MINUTE, duration, missing, write};
use super::web_url::WebUrl;
use crate::config::key::Key;
use crate::config::raw::{RawAdminListen, RawAuth, RawSecret, RawServer, RawStore};
use crate::config::report::{Mistake, Report};
use crate::config::secret::{self, Secret};
use crate::config::{Auth, Origin, Server, Store, unsupported};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

/// `[server]`
pub(crate) fn server(report: &mut Report<'_>, raw: &RawServer, store: Option<&Store>) -> Option<Server> {
    let key = Key::section("server");
    let listen = listen(report, &key.field("listen"), raw.listen.as_deref());
    let admin_listen = admin_listen(report, &key.field("admin_listen"), raw);
    if let (Some(listen), Some(Some(admin))) = (&listen, admin_listen)
        && admin.port() != 0
        && listen.contains(&admin)
    {
        let mistake = Mistake::new("is in `listen` too").help(write(ADMIN_EXAMPLE));
        report.error(&key.field("admin_listen"), mistake);
    }
    let trusted_proxies = trusted_proxies(report, &key.field("trusted_proxies"), &raw.trusted_proxies);
    let threads = threads(report, &key.field("threads"), raw.threads);
    let certificates = tls::certificates(report, &key.field("certificates"), &raw.certificates);
    let client_certificates = tls::client_certificates(report, &key.field("client_certificates"), raw);
    let proxy_protocol = tls::proxy_protocol(report, &key.field("proxy_protocol"), raw);
    let redirect_listen = tls::redirect_listen(report, &key.field("redirect_listen"), raw);
    let hsts = key.field("hsts");
    let hsts = raw.hsts.as_deref().map_or(Some(None), |text| duration(report, &hsts, Some(text), HOUR).map(Some));
    let limits = limits(report, &raw.limits);
    let drain_delay = duration(report, &key.field("drain_delay"), raw.drain_delay.as_deref(), Duration::ZERO);
    let drain_timeout = duration(report, &key.field("drain_timeout"), raw.drain_timeout.as_deref(), HALF_A_MINUTE);
    Some(Server {
        listen: listen?,
        admin_listen: admin_listen?,
        trusted_proxies: trusted_proxies?,
        threads: threads?,
        certificates: certificates?,
        acme: None,
        client_certificates: client_certificates?,
        proxy_protocol,
        redirect_listen: redirect_listen?,
        hsts: hsts?,
        drain_delay: drain_delay?,
        drain_timeout: drain_timeout?,
        upgrade_folder: upgrade_folder(raw, store),
        limits: limits?,
    })
}

/// Time for requests under way, unless the configuration says otherwise.
const HALF_A_MINUTE: Duration = Duration::from_secs(30);

fn upgrade_folder(raw: &RawServer, store: Option<&Store>) -> PathBuf {
    let file = store.and_then(|store| store.url.strip_prefix("sqlite:")).unwrap_or("doorward.db");
    raw.upgrade_folder.as_deref().map_or_else(|| PathBuf::from(format!("{file}.upgrade")), PathBuf::from)
}

/// `[auth]`
pub(crate) fn auth(report: &mut Report<'_>, raw: &RawAuth) -> Option<Auth> {
    let key = Key::section("auth");
    let url = key.field("url");
    let origin = raw.url.as_deref().ok_or_else(|| missing(LOGIN_EXAMPLE)).and_then(login_origin);
    let origin = report.take(&url, origin);
    let session = key.field("session_duration");
    let session_duration = duration(report, &session, raw.session_duration.as_deref(), 24 * HOUR);
    let idle_timeout = idle_timeout(report, &key.field("idle_timeout"), raw, session_duration);
    Some(Auth { origin: origin?, session_duration: session_duration?, idle_timeout: idle_timeout? })
}

fn idle_timeout(
    report: &mut Report<'_>,
    key: &Key,
    raw: &RawAuth,
    session_duration: Option<Duration>,
) -> Option<Option<Duration>> {
    let Some(text) = raw.idle_timeout.as_deref() else { return Some(None) };
    let idle = duration(report, key, Some(text), HOUR)?;
    if session_duration.is_some_and(|longest| idle > longest) {
        let help = "leave it out: sessions end with `session_duration` anyway".to_owned();
        report.error(key, Mistake::new("is longer than `session_duration`").help(help));
        return None;
    }
    Some(Some(idle))
}

/// `[store]`
pub(crate) fn store(report: &mut Report<'_>, raw: &RawStore) -> Option<Store> {
    let url = raw.url.as_deref().unwrap_or(STORE_EXAMPLE);
    let key = match &raw.key {
        None => Some(None),
        Some(key) => report.take(&Key::section("store").field("key"), store_key(key)).map(Some),
    };
    let outage = Key::section("store").field("outage_grace");
    let outage_grace = match raw.outage_grace.as_deref() {
        Some("0s") => Some(Duration::ZERO),
        text => duration(report, &outage, text, MINUTE),
    };
    let checked = match url.split_once(':') {
        Some(("sqlite", file)) if !file.is_empty() => Ok(url.to_owned()),
        Some(("postgres" | "postgresql", _)) => Err(Mistake::new(format!("PostgreSQL is {}", unsupported::MESSAGE))),
        _ => Err(Mistake::new("must be `sqlite:` and a file name").help(write(STORE_EXAMPLE))),
    };
    let url = report.take(&Key::section("store").field("url"), checked);
    Some(Store { url: url?, outage_grace: outage_grace?, key: key? })
}

fn store_key(raw: &RawSecret) -> Result<Secret<[u8; 32]>, Mistake> {
    let text = secret::read(raw)?;
    secret::decode_key(&text).map(Secret::new).ok_or_else(|| {
        let help = "make one with `openssl rand -base64 32`".to_owned();
        Mistake::new("the secret is not 32 bytes of base64").help(help)
    })
}

fn trusted_proxies(report: &mut Report<'_>, key: &Key, raw: &[String]) -> Option<Vec<IpNet>> {
    let network = |text: &String| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let read = raw.iter().enumerate().map(|(index, text)| {
        let mistake = |_| Mistake::new("must be an address or a network").help(write("10.0.0.0/8"));
        report.take(&key.index(index), network(text).map_err(mistake))
    });
    // All of them first, so that every mistake is told.
    read.collect::<Vec<_>>().into_iter().collect()
}

pub(super) fn listen(report: &mut Report<'_>, key: &Key, raw: Option<&[String]>) -> Option<Vec<SocketAddr>> {
    let Some(raw) = raw else {
        return Some(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))]);
    };
    if raw.is_empty() {
        let help = format!("write [{LISTEN_EXAMPLE:?}]");
        report.error(key, Mistake::new("needs at least one address").help(help));
    }
    let mut all = Vec::new();
    for (index, text) in raw.iter().enumerate() {
        let key = key.index(index);
        if let Some(address) = report.take(&key, address(text, LISTEN_EXAMPLE)) {
            if address.port() != 0 && all.contains(&address) {
                report.error(&key, "is listed twice");
            }
            all.push(address);
        }
    }
    (!raw.is_empty() && all.len() == raw.len()).then_some(all)
}

fn admin_listen(report: &mut Report<'_>, key: &Key, raw: &RawServer) -> Option<Option<SocketAddr>> {
    match &raw.admin_listen {
        None => Some(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)))),
        Some(RawAdminListen::Off) => Some(None),
        Some(RawAdminListen::At(text)) => report.take(key, address(text, ADMIN_EXAMPLE)).map(Some),
    }
}

fn address(text: &str, example: &str) -> Result<SocketAddr, Mistake> {
    let wrong = |_| Mistake::new("not an IP address with a port").help(write(example));
    text.parse().map_err(wrong)
}

fn threads(report: &mut Report<'_>, key: &Key, raw: Option<u64>) -> Option<usize> {
    let threads = match raw {
        None => Ok(available_parallelism().map_or(1, usize::from)),
        Some(threads @ 1..=1024) => usize::try_from(threads).map_err(|_| Mistake::new("too many")),
        Some(_) => Err(Mistake::new("must be between 1 and 1024")),
    };
    report.take(key, threads)
}

fn login_origin(text: &str) -> Result<Origin, Mistake> {
    let url = WebUrl::parse(text, LOGIN_EXAMPLE)?;
    let host = url.host.to_string();
    if !url.path.is_empty() {
        return Err(Mistake::new("has a path").help(write(LOGIN_EXAMPLE)));
    }
    if host.contains('*') {
        return Err(Mistake::new("must be one host, without `*`").help(write(LOGIN_EXAMPLE)));
    }
    Ok(Origin { secure: url.secure, host, port: url.port })
}

const LISTEN_EXAMPLE: &str = "0.0.0.0:8080";
const ADMIN_EXAMPLE: &str = "127.0.0.1:9090";
const LOGIN_EXAMPLE: &str = "https://auth.example.com";
const STORE_EXAMPLE: &str = "sqlite:doorward.db";
