//! TLS as curl meets it: certificates by name, renewed under way, and plain HTTP sent on.

use crate::machine::{certify, folder, free_port, listens, serve, until};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A gateway that speaks TLS, with a certificate of its own for each of two hosts.
struct Front {
    process: Child,
    folder: PathBuf,
    port: u16,
    plain: u16,
}

impl Front {
    fn start() -> Self {
        Self::start_with("")
    }

    /// The same with more settings of the server.
    fn start_with(more: &str) -> Self {
        let folder = folder("tls");
        for host in ["wiki.test", "auth.test"] {
            certify(&folder, host);
        }
        let front =
            Self { port: free_port(), plain: free_port(), process: Command::new("true").spawn().unwrap(), folder };
        front.serve(more)
    }

    fn serve(mut self, more: &str) -> Self {
        let (port, plain) = (self.port, self.plain);
        let text = format!(
            r#"
            [server]
            listen = ["127.0.0.1:{port}"]
            redirect_listen = ["127.0.0.1:{plain}"]
            admin_listen = false
            hsts = "365d"
            {more}
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
            [apps.live]
            url = "https://wiki.test:{port}/live"
            upstream = "http://127.0.0.1:{upstream}"
            policies = [{{ action = "bypass", include = [{{ everyone = true }}] }}]
            [apps.other]
            url = "https://other.test:{port}"
            upstream = "http://127.0.0.1:9"
            "#,
            folder = self.folder.display(),
            upstream = upstream()
        );
        std::fs::write(self.folder.join("doorward.toml"), text).unwrap();
        self.process = serve(&self.folder).spawn().unwrap();
        until("it listens", || listens(port) && listens(plain));
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

impl Front {
    /// What `openssl s_client` says; with `wait`, until the server closes the connection after a request.
    fn openssl(&self, arguments: &[&str], wait: bool) -> String {
        let mut command = Command::new("openssl");
        command.args([
            "s_client",
            "-connect",
            &format!("127.0.0.1:{}", self.port),
            "-servername",
            "wiki.test",
            "-CAfile",
        ]);
        command.arg(self.folder.join("wiki.test.pem")).args(arguments).args(wait.then_some("-ign_eof"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        if wait {
            // Tickets follow the handshake: an answer comes after them.
            let request = format!("GET / HTTP/1.1\r\nHost: wiki.test:{}\r\nConnection: close\r\n\r\n", self.port);
            child.stdin.as_mut().unwrap().write_all(request.as_bytes()).unwrap();
        }
        String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A server that tells which client it was told of, and at `/live/own` something of https.
fn upstream() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).map(|line| line.to_lowercase()).collect();
            let own = head.first().is_some_and(|line| line.starts_with("get /live/own "));
            let own = if own { "Strict-Transport-Security: max-age=5\r\n" } else { "" };
            let client = head.iter().find_map(|line| line.strip_prefix("x-forwarded-for: ")).unwrap_or_default();
            let fields = format!("{own}X-Client: {client}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n{fields}").as_bytes());
        }
    });
    port
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
    for (target, said) in [("/live/x", "31536000"), ("/live/own", "5")] {
        let url = format!("https://wiki.test:{}{target}", front.port);
        let answer = front.curl("wiki.test", "wiki.test.pem", &[&url]).unwrap();
        assert!(answer.starts_with("HTTP/2 200"), "{answer}");
        assert!(answer.contains(&format!("\nstrict-transport-security: max-age={said}\n")), "{answer}");
        assert_eq!(answer.matches("strict-transport-security").count(), 1, "{answer}");
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
    for target in ["http://evil.test/", "@evil.test/", ".evil.test/", "/\\evil.test/"] {
        let odd = front.curl("wiki.test", "wiki.test.pem", &["--request-target", target, &url]).unwrap_or_default();
        assert!(!odd.to_lowercase().contains("\nlocation:"), "{target}: {odd}");
    }
}

#[test]
fn hp_25_plain_http_waits_for_nobody() {
    let front = Front::start();
    let began = Instant::now();
    let mut slow = TcpStream::connect(("127.0.0.1", front.plain)).unwrap();
    slow.write_all(b"GET /x HTTP/1.1\r\nHost: wiki.test\r\nX-Slow: ").unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    let mut said = String::new();
    slow.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 408 ") && began.elapsed() < Duration::from_secs(30), "{said}");
    let mut twice = TcpStream::connect(("127.0.0.1", front.plain)).unwrap();
    let request = format!("GET /x HTTP/1.1\r\nHost: wiki.test:{}\r\n\r\n", front.port);
    twice.write_all(request.repeat(2).as_bytes()).unwrap();
    let mut said = String::new();
    // It may be reset behind its answer.
    let _ = twice.read_to_string(&mut said);
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "one request for each connection: {said}");
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

#[test]
fn hp_32_sessions_are_resumed_but_no_early_data_is_taken() {
    let front = Front::start();
    let (session, early) = (front.folder.join("session"), front.folder.join("early"));
    std::fs::write(&early, format!("POST / HTTP/1.1\r\nHost: wiki.test:{}\r\n\r\n", front.port)).unwrap();
    let first = front.openssl(&["-tls1_3", "-sess_out", session.to_str().unwrap()], true);
    assert!(first.contains("Max Early Data: 0") && !first.contains("Max Early Data: 1"), "none is offered: {first}");
    let again = front
        .openssl(&["-tls1_3", "-sess_in", session.to_str().unwrap(), "-early_data", early.to_str().unwrap()], false);
    assert!(again.contains("Reused, TLSv1.3"), "{again}");
    assert!(again.contains("Early data was not sent"), "{again}");
}

#[test]
fn only_suites_with_forward_secrecy_and_versions_of_now_are_spoken() {
    let front = Front::start();
    for good in [&["-tls1_3"][..], &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]] {
        assert!(front.openssl(good, false).contains("Verification: OK"), "{good:?}");
    }
    for weak in [
        &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"][..],
        &["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
        &["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA"],
    ] {
        assert!(front.openssl(weak, false).contains("Cipher is (NONE)"), "{weak:?}");
    }
}

#[test]
fn a_handshake_that_does_not_come_is_not_waited_for() {
    let front = Front::start();
    for begun in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00"] {
        let mut slow = std::net::TcpStream::connect(("127.0.0.1", front.port)).unwrap();
        slow.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        slow.write_all(begun).unwrap();
        let (started, mut rest) = (std::time::Instant::now(), Vec::new());
        slow.read_to_end(&mut rest).expect("it is closed");
        assert!(started.elapsed() < Duration::from_secs(13), "{:?}", started.elapsed());
    }
}

#[test]
fn a_certificate_that_has_ended_is_told_of() {
    let front = Front::start();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["old.test".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    std::fs::write(front.folder.join("old.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(front.folder.join("old.key"), key.serialize_pem()).unwrap();
    let file = front.folder.join("old.toml");
    let text = std::fs::read_to_string(front.folder.join("doorward.toml")).unwrap();
    std::fs::write(&file, text.replace("wiki.test.pem", "old.pem").replace("wiki.test.key", "old.key")).unwrap();
    let check = Command::new(env!("CARGO_BIN_EXE_doorward")).args(["check", "--config"]).arg(file).output().unwrap();
    let told = String::from_utf8_lossy(&check.stderr);
    assert!(check.status.success() && told.contains("old.pem` has ended on 2021"), "{told}");
}

#[test]
fn hp_08_the_header_of_a_proxy_comes_before_the_handshake() {
    let front = Front::start_with("proxy_protocol = true\ntrusted_proxies = [\"127.0.0.1\"]");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(front.folder.join("wiki.test.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config =
        config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
    let config = Arc::new(config);
    let ask = |header: &[u8]| {
        let mut tcp = TcpStream::connect(("127.0.0.1", front.port))?;
        tcp.write_all(header)?;
        let mut tls = ClientConnection::new(Arc::clone(&config), "wiki.test".try_into().unwrap()).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
        write!(stream, "GET /live/x HTTP/1.1\r\nHost: wiki.test:{}\r\nConnection: close\r\n\r\n", front.port)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer.to_lowercase())
    };
    let version_2 =
        [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &[198, 51, 100, 8, 10, 0, 0, 1, 0x13, 0x88, 1, 0xbb]].concat();
    for (header, client) in
        [(&b"PROXY TCP4 198.51.100.7 10.0.0.1 5000 443\r\n"[..], "198.51.100.7"), (&version_2, "198.51.100.8")]
    {
        let answer = ask(header).unwrap();
        assert!(
            answer.starts_with("http/1.1 200") && answer.contains(&format!("\r\nx-client: {client}\r\n")),
            "{answer}"
        );
    }
    assert!(ask(b"").is_err(), "a handshake without it");
}
