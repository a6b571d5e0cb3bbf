//! Certificates from a real ACME server (Pebble, the test server of Let's Encrypt): both challenges, renewal, a server that
//! is down, hosts that it refuses.

use crate::machine::{certify, folder, free_port, listens, serve, until};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// An ACME server, its DNS, and a gateway that orders from it. The gateway is started before the server.
struct Town {
    folder: PathBuf,
    running: Vec<Child>,
    gateway: Option<Child>,
    directory: u16,
    management: u16,
    dns: u16,
    port: u16,
    plain: u16,
    admin: u16,
}

/// How the town is built.
struct Plan {
    challenge: &'static str,
    /// How long certificates are valid, in seconds.
    validity: u32,
    /// Whether the server looks where the gateway answers.
    finds_us: bool,
    /// Whether the configuration has a certificate for the wiki.
    own_certificate: bool,
}

impl Town {
    fn new(plan: &Plan) -> Self {
        let folder = folder("acme");
        certify(&folder, "localhost");
        let [directory, management, dns, port, plain, admin] = std::array::from_fn(|_| free_port());
        let town = Self { folder, running: Vec::new(), gateway: None, directory, management, dns, port, plain, admin };
        town.write(plan);
        town
    }

    fn write(&self, plan: &Plan) {
        let folder = self.folder.display();
        let (tls, http) = if plan.finds_us { (self.port, self.plain) } else { (free_port(), free_port()) };
        let pebble = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.directory),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": format!("{folder}/localhost.pem"),
            "privateKey": format!("{folder}/localhost.key"),
            "httpPort": http,
            "tlsPort": tls,
            "certificateValidityPeriod": plan.validity,
        }});
        std::fs::write(self.folder.join("pebble.json"), pebble.to_string()).unwrap();
        let own = if plan.own_certificate {
            certify(&self.folder, "wiki.test");
            format!(r#"certificates = [{{ cert = "{folder}/wiki.test.pem", key = "{folder}/wiki.test.key" }}]"#)
        } else {
            String::new()
        };
        let text = format!(
            r#"
            [server]
            listen = ["127.0.0.1:{port}"]
            redirect_listen = ["127.0.0.1:{plain}"]
            admin_listen = "127.0.0.1:{admin}"
            {own}
            [server.acme]
            agree_to_terms = true
            email = "ops@example.com"
            directory = "https://localhost:{directory}/dir"
            ca = "{folder}/localhost.pem"
            challenge = "{challenge}"
            [auth]
            url = "https://auth.test:{port}"
            [store]
            url = "sqlite:{folder}/doorward.db"
            [apps.wiki]
            url = "https://wiki.test:{port}"
            upstream = "http://127.0.0.1:9"
            policies = [{{ action = "allow", include = [{{ everyone = true }}] }}]
            "#,
            port = self.port,
            plain = self.plain,
            admin = self.admin,
            directory = self.directory,
            challenge = plan.challenge,
        );
        std::fs::write(self.folder.join("doorward.toml"), text).unwrap();
    }

    fn start_server(&mut self) {
        let dns = Command::new("pebble-challtestsrv")
            .args(["-dns01", &format!("127.0.0.1:{}", self.dns), "-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-management", &format!("127.0.0.1:{}", free_port()), "-defaultIPv6", ""])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pebble-challtestsrv; run .ci/install tests");
        let server = Command::new("pebble")
            .arg("-config")
            .arg(self.folder.join("pebble.json"))
            .args(["-dnsserver", &format!("127.0.0.1:{}", self.dns)])
            .envs([("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_AUTHZREUSE", "0"), ("PEBBLE_WFE_NONCEREJECT", "5")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pebble; run .ci/install tests");
        self.running = vec![dns, server];
        until("the ACME server listens", || listens(self.management));
        let root = self.curl_at(self.management, "localhost", "localhost.pem", "/roots/0").unwrap();
        std::fs::write(self.folder.join("root.pem"), root).unwrap();
    }

    fn stop_server(&mut self) {
        self.running.drain(..).for_each(end);
    }

    fn start_gateway(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log")).unwrap();
        self.gateway = Some(serve(&self.folder).stderr(log).spawn().unwrap());
        until("it listens", || listens(self.port));
    }

    fn stop_gateway(&mut self) {
        self.gateway.take().into_iter().for_each(end);
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn curl(&self, host: &str, trusting: &str) -> Result<String, String> {
        self.curl_at(self.port, host, trusting, "/")
    }

    fn curl_at(&self, port: u16, host: &str, trusting: &str, path: &str) -> Result<String, String> {
        let output = Command::new("curl")
            .args(["-sS", "--max-time", "20", "--resolve", &format!("{host}:{port}:127.0.0.1"), "--cacert"])
            .arg(self.folder.join(trusting))
            .arg(format!("https://{host}:{port}{path}"))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// The certificate that is shown for a host, as text; empty if the handshake fails.
    fn shown(&self, host: &str, more: &[&str]) -> String {
        let output = Command::new("openssl")
            .args(["s_client", "-connect", &format!("127.0.0.1:{}", self.port), "-servername", host])
            .args(more)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let pem = text.split_once("-----BEGIN").and_then(|(_, rest)| rest.split_once("-----END"));
        pem.map(|(pem, _)| pem.to_owned()).unwrap_or_default()
    }

    fn metrics(&self) -> String {
        let output = Command::new("curl").args(["-sS", &format!("http://127.0.0.1:{}/metrics", self.admin)]).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.stop_gateway();
        self.stop_server();
        if std::thread::panicking() {
            eprintln!("the gateway's log:\n{}", self.log());
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_certificate_comes_by_tls_alpn_01_once_the_server_is_there_and_is_renewed() {
    let mut town = Town::new(&Plan { challenge: "tls-alpn-01", validity: 45, finds_us: true, own_certificate: false });
    town.start_gateway();
    until("the order has failed", || town.log().contains("no certificate was ordered"));
    assert!(town.shown("wiki.test", &[]).is_empty(), "without a certificate there is no handshake");
    town.start_server();
    for host in ["wiki.test", "auth.test"] {
        until("the certificate is there", || town.curl(host, "root.pem").is_ok());
    }
    let first = town.shown("wiki.test", &[]);
    assert!(!first.is_empty() && first != town.shown("auth.test", &[]), "one for each host");
    assert!(town.shown("wiki.test", &["-alpn", "acme-tls/1"]).is_empty(), "no challenge is open");
    assert!(
        !town.shown("wiki.test", &["-alpn", "acme-tls/1,http/1.1"]).is_empty(),
        "no challenge (RFC 8737 section 3)"
    );
    let metrics = town.metrics();
    assert!(metrics.contains(r#"doorward_acme_orders_total{outcome="ordered"} "#), "{metrics}");
    assert!(metrics.contains(r#"doorward_acme_orders_total{outcome="failed"} "#), "{metrics}");
    until("it is shown by the metrics", || town.metrics().contains(r#"expiry_seconds{certificate="wiki.test"} 1"#));
    until("it is renewed before it ends", || {
        let now = town.shown("wiki.test", &[]);
        assert!(!now.is_empty(), "there was always one");
        now != first
    });
    town.curl("wiki.test", "root.pem").expect("the new one");
}

#[test]
fn a_certificate_comes_by_http_01_and_lasts_without_the_server() {
    let mut town = Town::new(&Plan { challenge: "http-01", validity: 86_400, finds_us: true, own_certificate: false });
    town.start_server();
    town.start_gateway();
    for host in ["wiki.test", "auth.test"] {
        until("the certificate is there", || town.curl(host, "root.pem").is_ok());
    }
    let (first, orders) = (town.shown("wiki.test", &[]), town.log().matches("a certificate was ordered").count());
    town.stop_gateway();
    town.stop_server();
    town.start_gateway();
    until("the kept certificate is shown", || town.shown("wiki.test", &[]) == first);
    assert_eq!(town.log().matches("a certificate was ordered").count(), orders, "none is ordered again");
    let files =
        ["doorward.db", "doorward.db-wal"].map(|name| std::fs::read(town.folder.join(name)).unwrap_or_default());
    let has = |what: &str| files.iter().any(|file| file.windows(what.len()).any(|window| window == what.as_bytes()));
    assert!(has("acme certificate of wiki.test") && !has("PRIVATE KEY") && !has("BEGIN CERT"), "sealed");
}

#[test]
fn a_host_that_the_server_cannot_see_gets_none_and_the_configured_certificate_wins() {
    let mut town =
        Town::new(&Plan { challenge: "tls-alpn-01", validity: 86_400, finds_us: false, own_certificate: true });
    town.start_server();
    town.start_gateway();
    until("the order has failed", || town.log().contains("Failed to connect to 127.0.0.1"));
    town.curl("wiki.test", "wiki.test.pem").expect("the certificate of the configuration");
    assert!(town.shown("auth.test", &[]).is_empty(), "no certificate, no handshake");
    let ordered_for = |host: &str| town.log().lines().any(|line| line.contains("acme") && line.contains(host));
    assert!(ordered_for("auth.test") && !ordered_for("wiki.test"), "{}", town.log());
}

#[test]
fn an_order_that_a_restart_breaks_off_is_begun_again_at_once() {
    let mut town = Town::new(&Plan { challenge: "http-01", validity: 86_400, finds_us: true, own_certificate: false });
    town.start_server();
    town.start_gateway();
    until("an order is under way", || town.log().contains("an account was opened"));
    let child = town.gateway.as_mut().unwrap();
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success());
    let restarted = Instant::now();
    town.start_gateway();
    for host in ["wiki.test", "auth.test"] {
        until("the certificate is there", || town.curl(host, "root.pem").is_ok());
    }
    assert!(restarted.elapsed() < Duration::from_secs(60), "it waited for its predecessor: {:?}", restarted.elapsed());
}

/// The key of the account `kid-1` at a server that lets nobody else order.
const ACCOUNT_KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

#[test]
fn a_server_that_asks_for_an_account_of_its_own_gets_one() {
    let mut town = Town::new(&Plan { challenge: "http-01", validity: 86_400, finds_us: true, own_certificate: false });
    let (pebble, config) = (town.folder.join("pebble.json"), town.folder.join("doorward.toml"));
    let mut server: serde_json::Value = serde_json::from_slice(&std::fs::read(&pebble).unwrap()).unwrap();
    server["pebble"]["externalAccountBindingRequired"] = true.into();
    server["pebble"]["externalAccountMACKeys"]["kid-1"] = ACCOUNT_KEY.into();
    std::fs::write(&pebble, server.to_string()).unwrap();
    town.start_server();
    let text = std::fs::read_to_string(&config).unwrap();
    let file = town.folder.join("account.key");
    let account = |key: &str| {
        std::fs::write(&file, key).unwrap();
        let line = format!("external_account = {{ key_id = \"kid-1\", key = {{ file = {file:?} }} }}");
        std::fs::write(&config, text.replace("[server.acme]\n", &format!("[server.acme]\n{line}\n"))).unwrap();
    };
    account(&ACCOUNT_KEY.replace('z', "y"));
    town.start_gateway();
    until("both orders have failed", || town.log().matches("no certificate was ordered").count() == 2);
    assert!(town.shown("wiki.test", &[]).is_empty());
    town.stop_gateway();
    account(ACCOUNT_KEY);
    town.start_gateway();
    until("the certificate is there", || town.curl("wiki.test", "root.pem").is_ok());
    assert!(!town.log().contains(ACCOUNT_KEY));
}
