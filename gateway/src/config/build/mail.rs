//! `[mail]`

use super::values::{missing, write};
use crate::config::key::Key;
use crate::config::raw::RawMail;
use crate::config::report::{Mistake, Report};
use crate::config::{Mail, MailPrivacy, Secret, secret};
use lettre::message::Mailbox;
use std::sync::Arc;
use url::{Host, Url};

/// Reads `[mail]`.
pub(crate) fn mail(report: &mut Report<'_>, raw: Option<&RawMail>) -> Option<Option<Arc<Mail>>> {
    let Some(raw) = raw else { return Some(None) };
    let key = Key::section("mail");
    let url = raw.url.as_deref().ok_or_else(|| missing(URL_EXAMPLE)).and_then(server);
    let url = report.take(&key.field("url"), url);
    let privacy = url.as_ref().and_then(|url| report.take(&key.field("starttls"), privacy(url, raw.starttls)));
    let from = raw.from.as_deref().ok_or_else(|| missing(FROM_EXAMPLE)).and_then(sender);
    let from = report.take(&key.field("from"), from);
    let login = login(report, &key, raw);
    let ca = match raw.ca.as_deref() {
        Some(file) => report.take(&key.field("ca"), authorities(file)).map(Some),
        None => Some(None),
    };
    let (url, privacy) = (url?, privacy?);
    let usual = if privacy == MailPrivacy::Tls { 465 } else { 587 };
    Some(Some(Arc::new(Mail {
        host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(usual),
        privacy,
        from: from?,
        login: login?,
        ca: ca?,
    })))
}

fn server(text: &str) -> Result<Url, Mistake> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host());
    let url = url.ok_or_else(|| Mistake::new("must be the URL of a mail server").help(write(URL_EXAMPLE)))?;
    if !url.username().is_empty() || url.password().is_some() {
        let help = "write `username` and `password = { env = \"NAME\" }` beside it".to_owned();
        return Err(Mistake::new("must not hold a user name or password").help(help));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(Mistake::new("must be scheme, host and port alone").help(write(URL_EXAMPLE)));
    }
    Ok(url)
}

/// RFC 8314 section 3: what is sent opens accounts, so that nothing goes over a network in clear.
fn privacy(url: &Url, starttls: Option<bool>) -> Result<MailPrivacy, Mistake> {
    match (url.scheme(), starttls) {
        ("smtps", None) => Ok(MailPrivacy::Tls),
        ("smtps", Some(_)) => Err(Mistake::new("is for `smtp://`; `smtps://` has TLS from the start")),
        (_, None | Some(true)) => Ok(MailPrivacy::StartTls),
        (_, Some(false)) if is_this_machine(url) => Ok(MailPrivacy::Plain),
        (_, Some(false)) => {
            Err(Mistake::new("may be `false` for a relay on this machine alone: codes and links would go in clear"))
        }
    }
}

fn is_this_machine(url: &Url) -> bool {
    // The parser of `url` knows addresses in URLs of the web alone.
    match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn sender(text: &str) -> Result<String, Mistake> {
    let wrong = |_| Mistake::new("is not an e-mail address").help(write(FROM_EXAMPLE));
    text.parse::<Mailbox>().map(|mailbox| mailbox.to_string()).map_err(wrong)
}

fn login(report: &mut Report<'_>, key: &Key, raw: &RawMail) -> Option<Option<(String, Secret<String>)>> {
    match (&raw.username, &raw.password) {
        (None, None) => Some(None),
        (Some(username), Some(password)) => {
            let password = report.take(&key.field("password"), secret::read(password));
            Some(Some((username.clone(), Secret::new(password?.to_string()))))
        }
        (None, Some(_)) => {
            report.error(&key.field("password"), "needs `username` beside it");
            None
        }
        (Some(_), None) => {
            report.error(&key.field("username"), "needs `password` beside it");
            None
        }
    }
}

fn authorities(file: &str) -> Result<Vec<u8>, Mistake> {
    let pem =
        std::fs::read(file).map_err(|error| Mistake::new(format!("the file `{file}` cannot be read: {error}")))?;
    let read = lettre::transport::smtp::client::Certificate::from_pem(&pem);
    read.map(|_| pem).map_err(|_| Mistake::new(format!("the file `{file}` holds no certificate in PEM form")))
}

const URL_EXAMPLE: &str = "smtps://mail.example.com";
const FROM_EXAMPLE: &str = "Doorward <doorward@example.com>";
