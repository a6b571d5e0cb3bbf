//! Client certificates as curl and OpenSSL show them: alone, beside a service token, revoked, and for another host than the
//! one of the handshake.

use crate::machine::{certify, doorward, folder, free_port, listens, serve, until};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

struct Front {
    process: Option<Child>,
    folder: PathBuf,
    port: u16,
}

const CLIENTS: &str = r#"client_certificates = { ca = ["FOLDER/ca.pem"] }"#;

impl Front {
    fn start(clients: &str) -> Self {
        let folder = folder("clients");
        for host in ["wiki.test", "vault.test", "open.test", "auth.test"] {
            certify(&folder, host);
        }
        for ca in ["ca", "other"] {
            authority(&folder, ca);
        }
        client(&folder, "ca", "printer", "/O=Example/CN=printer-1");
        client(&folder, "ca", "scanner", "/O=Example/CN=scanner-1");
        client(&folder, "other", "stranger", "/O=Example/CN=printer-1");
        let mut front = Self { process: None, port: free_port(), folder };
        front.prepare_revocation();
        front.configure(clients);
        let log = std::fs::File::create(front.folder.join("log")).unwrap();
        front.process = Some(serve(&front.folder).stderr(log).spawn().unwrap());
        until("it listens", || listens(front.port));
        front
    }

    fn configure(&self, clients: &str) {
        let text = CONFIG
            .replace("CLIENTS", clients)
            .replace("FOLDER", &self.folder.display().to_string())
            .replace("PORT", &self.port.to_string())
            .replace("UPSTREAM", &upstream().to_string());
        let new = self.folder.join("new.toml");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.folder.join("doorward.toml")).unwrap();
    }

    /// What curl needs to ask a host, with a certificate if one is named.
    fn arguments(&self, host: &str, with: Option<&str>) -> Vec<String> {
        let file = |name: &str| self.folder.join(name).display().to_string();
        let mut arguments = vec!["-sS".to_owned(), "--max-time".to_owned(), "20".to_owned()];
        arguments.extend(["--resolve".to_owned(), format!("{host}:{}:127.0.0.1", self.port)]);
        arguments.extend(["--cacert".to_owned(), file(&format!("{host}.pem"))]);
        if let Some(name) = with {
            arguments.extend(["--cert".to_owned(), file(&format!("{name}.pem"))]);
            arguments.extend(["--key".to_owned(), file(&format!("{name}.key"))]);
        }
        arguments
    }

    /// The status and body, or the words of curl's failure.
    fn ask(&self, host: &str, with: Option<&str>, more: &[&str]) -> Result<(u16, String), String> {
        let output = Command::new("curl")
            .args(self.arguments(host, with))
            .args(["-w", "\n%{http_code}"])
            .args(more)
            .arg(format!("https://{host}:{}/page", self.port))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if !output.status.success() {
            return Err(text(output.stderr));
        }
        let said = text(output.stdout);
        let (body, status) = said.rsplit_once('\n').unwrap();
        Ok((status.parse().unwrap(), body.to_owned()))
    }

    fn status(&self, host: &str, with: Option<&str>) -> u16 {
        self.ask(host, with, &[]).unwrap().0
    }

    fn prepare_revocation(&self) {
        let folder = self.folder.display();
        let text = format!(
            "[ca]\ndefault_ca = d\n[d]\ndatabase = {folder}/index\ncertificate = {folder}/ca.pem\n\
             private_key = {folder}/ca.key\ndefault_md = sha256\ndefault_crl_days = 1\n\
             crlnumber = {folder}/crlnumber\ncrl_extensions = e\n[e]\nauthorityKeyIdentifier = keyid:always\n"
        );
        std::fs::write(self.folder.join("ca.cnf"), text).unwrap();
        std::fs::write(self.folder.join("index"), "").unwrap();
        std::fs::write(self.folder.join("crlnumber"), "01\n").unwrap();
        self.write_list();
    }

    fn revoke(&self, name: &str) {
        openssl(&self.folder, &["ca", "-config", "ca.cnf", "-revoke", &format!("{name}.pem")]);
        self.write_list();
    }

    fn write_list(&self) {
        openssl(&self.folder, &["ca", "-config", "ca.cnf", "-gencrl", "-out", "new.crl"]);
        std::fs::rename(self.folder.join("new.crl"), self.folder.join("ca.crl")).unwrap();
    }

    /// An answer of the printer's that never ends by itself.
    fn stream(&self) -> Child {
        let file = std::fs::File::create(self.folder.join("stream")).unwrap();
        let child = Command::new("curl")
            .args(self.arguments("wiki.test", Some("printer")))
            .arg("-N")
            .arg(format!("https://wiki.test:{}/stream", self.port))
            .stdout(file)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("the stream has begun", || std::fs::read(self.folder.join("stream")).is_ok_and(|told| !told.is_empty()));
        child
    }
}

/// A connection of the printer's that stays open.
struct Kept {
    child: Child,
    answers: BufReader<ChildStdout>,
    request: String,
}

impl Kept {
    fn open(front: &Front) -> Self {
        let target = format!("127.0.0.1:{}", front.port);
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-connect", &target, "-servername", "wiki.test"])
            .args(["-cert", "printer.pem", "-key", "printer.key"])
            .current_dir(&front.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers, request: format!("GET /page HTTP/1.1\r\nHost: wiki.test:{}\r\n\r\n", front.port) }
    }

    /// The status of the answer to one more request.
    fn status(&mut self) -> String {
        self.child.stdin.as_mut().unwrap().write_all(self.request.as_bytes()).unwrap();
        loop {
            let mut line = Vec::new();
            assert!(self.answers.read_until(b'\n', &mut line).unwrap() > 0, "the connection was closed");
            if let Some(status) = String::from_utf8_lossy(&line).strip_prefix("HTTP/1.1 ") {
                return status.split(' ').next().unwrap_or_default().to_owned();
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(self.folder.join("log")).unwrap_or_default());
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

const CONFIG: &str = r#"
[server]
listen = ["127.0.0.1:PORT"]
admin_listen = false
CLIENTS
certificates = [
    { cert = "FOLDER/wiki.test.pem", key = "FOLDER/wiki.test.key" },
    { cert = "FOLDER/vault.test.pem", key = "FOLDER/vault.test.key" },
    { cert = "FOLDER/open.test.pem", key = "FOLDER/open.test.key" },
    { cert = "FOLDER/auth.test.pem", key = "FOLDER/auth.test.key" },
]
[auth]
url = "https://auth.test:PORT"
[store]
url = "sqlite:FOLDER/doorward.db"
[apps.wiki]
url = "https://wiki.test:PORT"
upstream = "http://127.0.0.1:UPSTREAM"
policies = [{ action = "service_auth", include = [{ common_name = "printer-1" }] }]
[apps.vault]
url = "https://vault.test:PORT"
upstream = "http://127.0.0.1:UPSTREAM"
policies = [
    { action = "service_auth", include = [{ any_service_token = true }], require = [{ certificate = true }] },
    { action = "allow", include = [{ everyone = true }], require = [{ certificate = true }] },
]
[apps.open]
url = "https://open.test:PORT"
upstream = "http://127.0.0.1:UPSTREAM"
policies = [{ action = "service_auth", include = [{ everyone = true }] }, { action = "bypass", include = [{ path = "/page" }] }]
"#;

/// A server that answers with what it was asked; `/stream` never ends.
fn upstream() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let (mut asked, mut buffer) = (Vec::new(), [0; 4096]);
                while !asked.windows(4).any(|window| window == b"\r\n\r\n") {
                    match stream.read(&mut buffer) {
                        Ok(0) | Err(_) => return,
                        Ok(length) => asked.extend_from_slice(&buffer[..length]),
                    }
                }
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(&asked);
                while asked.starts_with(b"GET /stream") && stream.write_all(b"more\n").is_ok() {
                    std::thread::sleep(Duration::from_millis(100));
                }
            });
        }
    });
    port
}

fn openssl(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new("openssl").args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn authority(folder: &Path, name: &str) {
    let (key, pem, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN=authority {name}"));
    let extension = "basicConstraints=critical,CA:TRUE";
    openssl(
        folder,
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            &subject,
            "-addext",
            extension,
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout",
            &key,
            "-out",
            &pem,
        ],
    );
}

fn client(folder: &Path, ca: &str, name: &str, subject: &str) {
    let (key, csr, pem) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
    let (ca_pem, ca_key) = (format!("{ca}.pem"), format!("{ca}.key"));
    std::fs::write(folder.join("client.ext"), "extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(
        folder,
        &[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            subject,
            "-keyout",
            &key,
            "-out",
            &csr,
        ],
    );
    openssl(
        folder,
        &[
            "x509",
            "-req",
            "-in",
            &csr,
            "-CA",
            &ca_pem,
            "-CAkey",
            &ca_key,
            "-CAcreateserial",
            "-days",
            "1",
            "-extfile",
            "client.ext",
            "-out",
            &pem,
        ],
    );
}

#[test]
fn a_certificate_alone_passes_where_a_policy_asks_for_it() {
    let front = Front::start(CLIENTS);
    let (status, told) = front.ask("wiki.test", Some("printer"), &[]).unwrap();
    assert_eq!(status, 200, "{told}");
    let assertion =
        told.lines().find_map(|line| line.to_lowercase().strip_prefix("doorward-assertion: ").map(|_| line));
    let payload = assertion.and_then(|line| line.split('.').nth(1)).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((claims["common_name"].as_str(), claims["idp"].as_str()), (Some("printer-1"), Some("certificate")));
    assert!(claims["sub"].as_str().unwrap().starts_with("crt_"), "{claims}");
    assert_eq!(front.status("wiki.test", Some("scanner")), 403, "another name");
    assert_eq!(front.status("wiki.test", None), 403, "no certificate");
    let stranger = front.ask("wiki.test", Some("stranger"), &[]);
    assert!(stranger.is_err(), "one of another authority ends the handshake: {stranger:?}");
    assert_eq!(front.status("open.test", None), 200, "without one, as ever");
    let (status, told) = front.ask("open.test", Some("printer"), &[]).unwrap();
    assert_eq!(status, 200, "where nobody asks, it does no harm");
    assert!(!told.to_lowercase().contains("doorward-assertion"), "nor does it make anybody known: {told}");
}

#[test]
fn a_certificate_counts_beside_a_service_token() {
    let front = Front::start(CLIENTS);
    let made = doorward(&["service-token", "add", "nightly", "--json"], &front.folder).output().unwrap();
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let secret =
        made.as_object().unwrap().values().filter_map(|value| value.as_str()).find(|text| text.starts_with("dw_st_"));
    let header = format!("Authorization: Bearer {}", secret.unwrap());
    assert_eq!(front.ask("vault.test", Some("scanner"), &["-H", &header]).unwrap().0, 200);
    assert_eq!(front.ask("vault.test", None, &["-H", &header]).unwrap().0, 403, "the token alone");
    assert_eq!(front.status("vault.test", Some("scanner")), 401, "the certificate alone: a person may sign in");
}

#[test]
fn hp_16_p_04_a_handshake_for_one_host_is_no_good_for_another() {
    let front = Front::start(CLIENTS);
    let host = |name: &str| format!("Host: {name}:{}", front.port);
    for with in [Some("printer"), None] {
        let (status, _) = front.ask("open.test", with, &["--http1.1", "-H", &host("wiki.test")]).unwrap();
        assert_eq!(status, 421, "an app that asks for certificates, {with:?}");
    }
    assert_eq!(front.ask("wiki.test", Some("printer"), &["--http1.1", "-H", &host("open.test")]).unwrap().0, 421);
    assert_eq!(
        front.ask("wiki.test", None, &["--http1.1", "-H", &host("open.test")]).unwrap().0,
        200,
        "none of it matters"
    );
    let (status, _) = front.ask("open.test", Some("printer"), &["--http2", "-H", &host("wiki.test")]).unwrap();
    assert_eq!(status, 421, "HTTP/2");
}

#[test]
fn a_revoked_certificate_is_refused_and_its_streams_end() {
    let front = Front::start(r#"client_certificates = { ca = ["FOLDER/ca.pem"], crl = ["FOLDER/ca.crl"] }"#);
    assert_eq!(front.status("wiki.test", Some("printer")), 200);
    let mut stream = front.stream();
    front.revoke("scanner");
    until("the list is read again", || front.ask("wiki.test", Some("scanner"), &[]).is_err());
    assert!(stream.try_wait().unwrap().is_none(), "another's revocation ends nothing");
    front.revoke("printer");
    until("the certificate is refused", || front.ask("wiki.test", Some("printer"), &[]).is_err());
    until("its stream has ended", || stream.try_wait().unwrap().is_some());
}

#[test]
fn an_authority_that_is_taken_out_ends_what_its_certificates_opened() {
    let front = Front::start(CLIENTS);
    let session = front.folder.join("session").display().to_string();
    let target = format!("127.0.0.1:{}", front.port);
    let connect = |more: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &target, "-servername", "wiki.test", "-tls1_2", "-ign_eof"]).args(more);
        let mut child = command
            .current_dir(&front.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let request = format!("GET /page HTTP/1.1\r\nHost: wiki.test:{}\r\nConnection: close\r\n\r\n", front.port);
        let _ = child.stdin.as_mut().unwrap().write_all(request.as_bytes());
        String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned()
    };
    let first = connect(&["-cert", "printer.pem", "-key", "printer.key", "-sess_out", &session]);
    assert!(first.contains("HTTP/1.1 200"), "{first}");
    let resumed = connect(&["-sess_in", &session]);
    assert!(
        resumed.contains("Reused") && resumed.contains("HTTP/1.1 200"),
        "a session keeps its certificate: {resumed}"
    );
    let mut stream = front.stream();
    let mut kept = Kept::open(&front);
    assert_eq!(kept.status(), "200");
    front.configure(r#"client_certificates = { ca = ["FOLDER/other.pem"] }"#);
    let changed = Instant::now();
    until("its stream has ended", || stream.try_wait().unwrap().is_some());
    assert!(changed.elapsed() < Duration::from_secs(4), "noticing the file, and two seconds: {:?}", changed.elapsed());
    assert!(front.ask("wiki.test", Some("printer"), &[]).is_err(), "no new handshake");
    assert_eq!(kept.status(), "421", "no new request on an old connection");
    assert_eq!(front.status("wiki.test", Some("stranger")), 200, "the new authority's");
    let after = connect(&["-sess_in", &session]);
    assert!(!after.contains("Reused") && after.contains("HTTP/1.1 403"), "an old session brings nothing back: {after}");
}
