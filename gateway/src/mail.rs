//! Mail: sent through the configured server (SMTP, RFC 5321), beside the requests that cause it: no answer waits for it, and
//! none tells whether it was sent.

use crate::config::{Mail, MailPrivacy};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// More letters do not wait: while the server is out of order, the memory must not fill.
const MOST_WAITING: usize = 256;

const TIMEOUT: Duration = Duration::from_secs(20);

/// A mail to one person, in two forms.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// For programs that show plain text.
    pub text: String,
    /// For those that show HTML.
    pub html: String,
}

/// Where letters are handed in.
#[derive(Clone)]
pub(crate) struct Post {
    letters: mpsc::Sender<(Arc<Mail>, Letter)>,
}

/// Where they are taken out.
pub(crate) type Letters = mpsc::Receiver<(Arc<Mail>, Letter)>;

impl Post {
    pub(crate) fn new() -> (Self, Letters) {
        let (letters, taken) = mpsc::channel(MOST_WAITING);
        (Self { letters }, taken)
    }

    /// Hands a letter in; `false` if too many wait already.
    pub(crate) fn hand_in(&self, mail: &Arc<Mail>, letter: Letter) -> bool {
        self.letters.try_send((Arc::clone(mail), letter)).is_ok()
    }
}

/// Why a letter was not sent. The text names no address.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Unsent {
    /// What the server, or the way to it, said.
    pub what: String,
    /// Whether trying again makes no sense.
    pub for_good: bool,
}

impl Unsent {
    fn for_good(what: impl fmt::Display) -> Self {
        Self { what: what.to_string(), for_good: true }
    }
}

/// Sends a letter.
///
/// # Errors
/// When the server cannot be reached in private, or does not take it.
pub async fn send(mail: &Mail, letter: &Letter) -> Result<(), Unsent> {
    let message = message(mail, letter)?;
    match server(mail)?.send(message).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let for_good = error.is_permanent();
            // What a server says may repeat the address.
            let what = error.to_string().replace(&letter.to, "…");
            Err(Unsent { what, for_good })
        }
    }
}

fn server(mail: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, Unsent> {
    let tls = match mail.privacy {
        MailPrivacy::Plain => Tls::None,
        MailPrivacy::Tls => Tls::Wrapper(parameters(mail)?),
        MailPrivacy::StartTls => Tls::Required(parameters(mail)?),
    };
    let server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host);
    let server = server.port(mail.port).tls(tls).timeout(Some(TIMEOUT));
    let server = match &mail.login {
        Some((username, password)) => server.credentials(Credentials::new(username.clone(), password.expose().clone())),
        None => server,
    };
    Ok(server.build())
}

fn parameters(mail: &Mail) -> Result<TlsParameters, Unsent> {
    let mut parameters = TlsParameters::builder(mail.host.clone());
    if let Some(pem) = &mail.ca {
        parameters = parameters.certificate_store(CertificateStore::None);
        parameters = parameters.add_root_certificate(Certificate::from_pem(pem).map_err(Unsent::for_good)?);
    }
    parameters.build().map_err(Unsent::for_good)
}

fn message(mail: &Mail, letter: &Letter) -> Result<Message, Unsent> {
    let from: Mailbox = mail.from.parse().map_err(Unsent::for_good)?;
    let to: Address = letter.to.parse().map_err(|_| Unsent::for_good("the address is none"))?;
    let both = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
    let message = Message::builder().from(from).to(Mailbox::new(None, to)).subject(&letter.subject).message_id(None);
    let mut message = message.multipart(both).map_err(Unsent::for_good)?;
    // RFC 3834 section 5: nobody's holiday answers it.
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
    Ok(message)
}

/// Without the text, which holds codes and links.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Whether a text is an address that mail can be sent to and an account can have: one `@`, ASCII, and no colon, which user
/// names of other kinds have.
pub(crate) fn is_address(text: &str) -> bool {
    let plain =
        text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b',' | b'\\' | b':' | b';'));
    let parts = text
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    plain && parts && text.len() <= 254
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        let (host, from) = ("127.0.0.1".to_owned(), "Doorward <door@example.com>".to_owned());
        Mail { host, port: 1, privacy: MailPrivacy::Plain, from, login: None, ca: None }
    }

    fn letter(to: &str) -> Letter {
        let text = "Your code is 123456".to_owned();
        Letter { to: to.to_owned(), subject: "Código".to_owned(), html: format!("<p>{text}</p>"), text }
    }

    #[test]
    fn a_mail_has_two_parts_and_nobodys_holiday_answers_it() {
        let sent = message(&mail(), &letter("ada@example.com")).unwrap().formatted();
        let sent = String::from_utf8(sent).unwrap();
        for part in ["Auto-Submitted: auto-generated", "text/plain", "text/html", "To: ada@example.com", "Message-ID: "]
        {
            assert!(sent.contains(part), "{part} in {sent}");
        }
    }

    #[test]
    fn nothing_in_an_address_or_subject_makes_another_header() {
        assert!(message(&mail(), &letter("ada@example.com\r\nBcc: eve@example.com")).is_err());
        let subject = "x\r\nBcc: eve@example.com".to_owned();
        let sent = message(&mail(), &Letter { subject, ..letter("ada@example.com") });
        assert!(sent.is_err() || !String::from_utf8(sent.unwrap().formatted()).unwrap().contains("\r\nBcc:"));
        assert!(!format!("{:?}", letter("a@b")).contains("123456"));
    }

    #[test]
    fn addresses_of_accounts_are_plain() {
        for good in ["ada@example.com", "a+b@localhost", "o'neil@x.example"] {
            assert!(is_address(good), "{good}");
        }
        for bad in
            ["", "ada", "@x", "a@", "a@b@c", "company:ada@example.com", "a b@c", "ä@b", "a@b\r\n", "<a@b>", "a@b,c@d"]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_may_be_there_later() {
        let unsent = send(&mail(), &letter("ada@example.com")).await.unwrap_err();
        assert!(!unsent.for_good && !unsent.what.contains("ada@"), "{unsent}");
    }
}
