//! Upstreams with TLS: whose certificates are believed, what we show of ourselves, and which HTTP is spoken.

use crate::machine::folder;
use crate::served::Served;
use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn issuer(folder: &Path, name: &str) -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join(format!("{name}.pem")), issuer.pem()).unwrap();
    issuer
}

/// A certificate for a host, perhaps an old one.
fn certificate(issuer: &Issuer, host: &str, expired: bool) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    if expired {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    }
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, issuer).unwrap(), key)
}

/// A server that says which HTTP it was asked by.
struct Secure {
    port: u16,
    /// Connections that began with something else than TLS.
    plain: Arc<AtomicUsize>,
}

impl Secure {
    async fn start(
        (certificate, key): (rcgen::Certificate, KeyPair),
        protocols: &[&str],
        clients: Option<&Issuer>,
    ) -> Self {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            Some(issuer) => {
                let mut roots = RootCertStore::empty();
                roots.add(issuer.der().clone()).unwrap();
                let provider = Arc::new(rustls::crypto::ring::default_provider());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, plain) = (listener.local_addr().unwrap().port(), Arc::<AtomicUsize>::default());
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), Arc::clone(&plain)));
        Self { port, plain }
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, plain: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, plain) = (acceptor.clone(), Arc::clone(&plain));
        tokio::spawn(async move {
            let mut first = [0];
            if stream.peek(&mut first).await.is_ok_and(|count| count == 1) && first[0] != 0x16 {
                plain.fetch_add(1, Ordering::SeqCst);
            }
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                    body.send_data(Bytes::from_static(b"h2"), true).unwrap();
                }
                return;
            }
            let mut request = [0; 4096];
            while stream.read(&mut request).await.is_ok_and(|count| count > 0) {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhttp/1.1";
                stream.write_all(answer).await.unwrap();
                stream.flush().await.unwrap();
            }
        });
    }
}

/// The status and body of an app's answer.
fn ask(gateway: &Served, host: &str) -> String {
    ask_with(gateway, host, &[])
}

fn ask_with(gateway: &Served, host: &str, more: &[&str]) -> String {
    let to = format!("{host}:{port}:127.0.0.1", port = gateway.port);
    let url = format!("http://{host}:{}/", gateway.port);
    let output = Command::new("curl")
        .args(["-s", "--max-time", "20", "--resolve", &to, "-o", "-", "-w", " %{http_code}", &url])
        .args(more)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.strip_prefix('{').map_or(text.clone(), |_| text[text.len() - 3..].to_owned())
}

fn apps(list: &[(&str, u16, &str)]) -> String {
    list.iter()
        .map(|(id, port, more)| {
            Served::app(id, &format!("{id}.test"), &format!("upstream = 'https://127.0.0.1:{port}'\n{more}"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hp_28_a_certificate_that_is_not_good_is_no_connection_and_never_plain_text() {
    let folder = folder("upstream-verified");
    let (ca, other) = (issuer(&folder, "ca"), issuer(&folder, "other"));
    let good = Secure::start(certificate(&ca, "app.internal", false), &["http/1.1"], None).await;
    let old = Secure::start(certificate(&ca, "app.internal", true), &["http/1.1"], None).await;
    let foreign = Secure::start(certificate(&other, "app.internal", false), &["http/1.1"], None).await;
    let trust = "upstream_tls = { ca = 'FOLDER/ca.pem', server_name = 'app.internal' }";
    let gateway = Served::start(
        folder,
        &apps(&[
            ("good", good.port, trust),
            ("unnamed", good.port, "upstream_tls = { ca = 'FOLDER/ca.pem' }"),
            ("misnamed", good.port, "upstream_tls = { ca = 'FOLDER/ca.pem', server_name = 'b.internal' }"),
            ("system", good.port, "upstream_tls = { server_name = 'app.internal' }"),
            ("wrong", good.port, "upstream_tls = { ca = 'FOLDER/other.pem', server_name = 'app.internal' }"),
            ("old", old.port, trust),
            ("foreign", foreign.port, trust),
        ]),
    );
    // The good one first and last: a kept connection of one app is never another's.
    for (app, answer) in [
        ("good", "http/1.1 200"),
        ("unnamed", "502"),
        ("misnamed", "502"),
        ("system", "502"),
        ("wrong", "502"),
        ("old", "502"),
        ("foreign", "502"),
        ("good", "http/1.1 200"),
        ("wrong", "502"),
    ] {
        assert_eq!(ask(&gateway, &format!("{app}.test")), answer, "{app}");
    }
    for server in [good, old, foreign] {
        assert_eq!(server.plain.load(Ordering::SeqCst), 0, "plain text");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_agree_on_the_version_of_http() {
    let folder = folder("upstream-alpn");
    let ca = issuer(&folder, "ca");
    let both = Secure::start(certificate(&ca, "app.internal", false), &["h2", "http/1.1"], None).await;
    let old = Secure::start(certificate(&ca, "app.internal", false), &["http/1.1"], None).await;
    let none = Secure::start(certificate(&ca, "app.internal", false), &[], None).await;
    let trust = "upstream_tls = { ca = 'FOLDER/ca.pem', server_name = 'app.internal' }";
    let with = |protocol: &str| format!("upstream_protocol = '{protocol}'\n{trust}");
    let gateway = Served::start(
        folder,
        &apps(&[
            ("auto", both.port, trust),
            ("one", both.port, &with("http1")),
            ("two", both.port, &with("http2")),
            ("older", old.port, trust),
            ("silent", none.port, trust),
            ("never", old.port, &with("http2")),
            ("inner", both.port, &format!("add_prefix = '/in'\n{trust}")),
        ]),
    );
    for (app, answer) in [
        ("auto", "h2 200"),
        ("one", "http/1.1 200"),
        ("two", "h2 200"),
        ("older", "http/1.1 200"),
        ("silent", "http/1.1 200"),
        ("never", "502"),
        ("older", "http/1.1 200"),
        ("auto", "h2 200"),
    ] {
        assert_eq!(ask(&gateway, &format!("{app}.test")), answer, "{app}");
    }
    let by_http2 = ask_with(&gateway, "inner.test", &["--http2-prior-knowledge"]);
    assert_eq!(by_http2, "h2 200", "the host goes on with a changed path");
    let upgrade = ["-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13"];
    let upgrade = [&upgrade[..], &["-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "--http1.1"]].concat();
    assert_eq!(ask_with(&gateway, "auto.test", &upgrade), "http/1.1 200", "an upgrade is of HTTP/1.1 alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_may_ask_for_a_certificate_of_ours() {
    let folder = folder("upstream-client");
    let ca = issuer(&folder, "ca");
    let (certificate_, key) = certificate(&ca, "gateway.internal", false);
    std::fs::write(folder.join("client.pem"), certificate_.pem()).unwrap();
    std::fs::write(folder.join("client.key"), key.serialize_pem()).unwrap();
    let server = Secure::start(certificate(&ca, "app.internal", false), &["h2", "http/1.1"], Some(&ca)).await;
    let trust = "ca = 'FOLDER/ca.pem', server_name = 'app.internal'";
    let shows = format!("upstream_tls = {{ {trust}, cert = 'FOLDER/client.pem', key = 'FOLDER/client.key' }}");
    let hides = format!("upstream_tls = {{ {trust} }}");
    let gateway = Served::start(folder, &apps(&[("shows", server.port, &shows), ("hides", server.port, &hides)]));
    for (app, answer) in [("hides", "502"), ("shows", "h2 200"), ("hides", "502"), ("shows", "h2 200")] {
        assert_eq!(ask(&gateway, &format!("{app}.test")), answer, "{app}");
    }
    // H12: who has no certificate is not talked to, and the test of that tells this from a server that is down.
    assert_eq!(selftest(&gateway, "shows"), (true, json!("talks to nobody without the gateway's certificate")));
    assert!(!selftest(&gateway, "hides").0);
}

/// Whether `doorward selftest` finds nothing wrong, and what it says of an app.
fn selftest(gateway: &Served, app: &str) -> (bool, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_doorward"))
        .args(["selftest", "--json", "--app", app, "--config"])
        .arg(gateway.folder.join("doorward.toml"))
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.success(), told[0]["what"].clone())
}
