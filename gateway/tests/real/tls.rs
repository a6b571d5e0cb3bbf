//! TLS as curl meets it: certificates by name, renewed under way, and plain HTTP sent on.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A gateway that speaks TLS, with a certificate of its own for each of two hosts.
struct Front {
    process: Child,
    folder: PathBuf,
    port: u16,
    plain: u16,
}

impl Front {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("doorward-tls-{}-{}", std::process::id(), free_port()));
        std::fs::create_dir_all(&folder).unwrap();
        for host in ["wiki.test", "auth.test"] {
            certify(&folder, host);
        }
        let front =
            Self { port: free_port(), plain: free_port(), process: Command::new("true").spawn().unwrap(), folder };
        front.serve()
    }

    fn serve(mut self) -> Self {
        let (port, plain) = (self.port, self.plain);
        let text = format!(
            r#"
            [server]
            listen = ["127.0.0.1:{port}"]
            redirect_listen = ["127.0.0.1:{plain}"]
            admin_listen = false
            hsts = "365d"
            certificates = [
                {{ cert = "{folder}/wiki.test.pem", key = "{folder}/wiki.test.key" }},
                {{ cert = "{folder}/auth.test.pem", key = "{folder}/auth.test.key" }},
            ]
            [auth]
            url = "https://auth.test:{port}"
            [store]
            url = "sqlite:{folder}/doorward.db"
            [apps.wiki]
            url = "https://wiki.test:{port}"
            upstream = "http://127.0.0.1:9"
            policies = [{{ action = "bypass", include = [{{ path = "/public/*" }}] }}, {{ action = "allow", include = [{{ everyone = true }}] }}]
            [apps.other]
            url = "https://other.test:{port}"
            upstream = "http://127.0.0.1:9"
            "#,
            folder = self.folder.display()
        );
        let file = self.folder.join("doorward.toml");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        let command = command.args(["serve", "--config"]).arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = command.spawn().unwrap();
        for port in [port, plain] {
            until("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        }
        self
    }

    /// The answer with its headers, or the words of curl's failure.
    fn curl(&self, host: &str, trusting: &str, arguments: &[&str]) -> Result<String, String> {
        let to = |port: u16| format!("{host}:{port}:127.0.0.1");
        let ca = self.folder.join(trusting);
        let output = Command::new("curl")
            .args(["-sSi", "--max-time", "20", "--resolve", &to(self.port), "--resolve", &to(self.plain), "--cacert"])
            .arg(ca)
            .args(arguments)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A new certificate for `host`, which is its own authority.
pub(crate) fn certify(folder: &std::path::Path, host: &str) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj"])
        .args([&format!("/CN={host}"), "-addext", "basicConstraints=critical,CA:FALSE", "-addext"])
        .args([&format!("subjectAltName=DNS:{host}"), "-keyout"])
        .arg(folder.join(format!("{host}.key")))
        .arg("-out")
        .arg(folder.join(format!("{host}.pem")))
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1200 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("waited in vain until {what}");
}

/// Below the ports that outgoing connections are given.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let offset = u16::try_from(std::process::id() % 60).unwrap() * 10 + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + offset;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

#[test]
fn a_client_gets_the_certificate_of_the_name_it_asks_for() {
    let front = Front::start();
    for host in ["wiki.test", "auth.test"] {
        let url = format!("https://{host}:{}/", front.port);
        let said = front.curl(host, &format!("{host}.pem"), &["-H", "Accept: text/html", &url]).unwrap();
        assert!(said.starts_with("HTTP/2 302") || said.starts_with("HTTP/2 200"), "{said}");
        assert!(said.contains("\nstrict-transport-security: max-age=31536000\n"), "{said}");
    }
    let other = front.curl("wiki.test", "auth.test.pem", &[&format!("https://wiki.test:{}/", front.port)]);
    assert!(other.unwrap_err().contains("certificate"), "the certificate of another host");
    let unknown = front.curl("other.test", "wiki.test.pem", &[&format!("https://other.test:{}/", front.port)]);
    assert!(unknown.is_err(), "a name without a certificate gets none: {unknown:?}");
    let old =
        front.curl("wiki.test", "wiki.test.pem", &["--tls-max", "1.1", &format!("https://wiki.test:{}/", front.port)]);
    assert!(old.is_err(), "TLS 1.1: {old:?}");
}

#[test]
fn a_renewed_certificate_is_used_and_a_broken_one_changes_nothing() {
    let front = Front::start();
    let url = format!("https://wiki.test:{}/", front.port);
    let old = front.folder.join("old.pem");
    std::fs::copy(front.folder.join("wiki.test.pem"), &old).unwrap();
    std::fs::write(front.folder.join("wiki.test.key"), "broken").unwrap();
    std::thread::sleep(Duration::from_secs(7));
    front.curl("wiki.test", "old.pem", &[&url]).expect("the old certificate stays");
    certify(&front.folder, "wiki.test");
    until("the new certificate is used", || front.curl("wiki.test", "wiki.test.pem", &[&url]).is_ok());
    assert!(front.curl("wiki.test", "old.pem", &[&url]).is_err());
}

#[test]
fn bs_16_plain_http_is_sent_on_but_nothing_that_carries_a_credential_is() {
    let front = Front::start();
    let url = format!("http://wiki.test:{}/notes/one?tab=2", front.plain);
    let plain =
        |arguments: &[&str]| front.curl("wiki.test", "wiki.test.pem", &[&[url.as_str()], arguments].concat()).unwrap();
    let sent_on = plain(&[]);
    let location = format!("\nlocation: https://wiki.test:{}/notes/one?tab=2\n", front.port);
    assert!(sent_on.starts_with("HTTP/1.1 308") && sent_on.to_lowercase().contains(&location), "{sent_on}");
    for credential in ["Authorization: Bearer x", "Cookie: a=b"] {
        let refused = plain(&["-H", credential]);
        assert!(refused.starts_with("HTTP/1.1 403") && !refused.to_lowercase().contains("location:"), "{refused}");
    }
    assert!(plain(&["-d", "a=b"]).starts_with("HTTP/1.1 426"));
    assert!(plain(&["-H", "Host: evil.test"]).starts_with("HTTP/1.1 404"), "only to hosts of ours");
    let odd = front.curl("wiki.test", "wiki.test.pem", &["--request-target", "//evil.test/", &url]).unwrap();
    assert!(!odd.to_lowercase().contains("location: //") && !odd.contains("https://evil.test"), "{odd}");
}

#[test]
fn hp_32_nothing_is_taken_before_the_handshake_is_done() {
    let front = Front::start();
    // A TLS 1.3 client that keeps its ticket: it says how much it may send with the next hello.
    let ask = format!(
        "(printf 'GET /public/x HTTP/1.1\\r\\nHost: wiki.test:{port}\\r\\nConnection: close\\r\\n\\r\\n'; sleep 1) | openssl s_client -connect 127.0.0.1:{port} -servername wiki.test -tls1_3 -ign_eof 2>&1",
        port = front.port
    );
    let output = Command::new("sh").args(["-c", &ask]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("TLSv1.3") && text.contains("HTTP/1.1 502"), "{text}");
    for line in text.lines().filter(|line| line.contains("Max Early Data:")) {
        assert_eq!(line.trim(), "Max Early Data: 0");
    }
}
