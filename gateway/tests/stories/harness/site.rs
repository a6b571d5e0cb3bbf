//! A running gateway with its configuration, its store, its accounts and its upstream.

use super::{Agent, Browser, Folder, Request, Upstream, Wire};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A local account.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: &'static str,
    pub(crate) password: String,
}

pub(crate) struct Site {
    folder: Folder,
    child: Option<Child>,
    log: Arc<Mutex<Vec<String>>>,
    pub(crate) port: u16,
    pub(crate) admin: u16,
    pub(crate) upstream: Upstream,
}

impl Site {
    /// A gateway with the usual apps.
    pub(crate) fn start() -> Self {
        Self::with(|config| config)
    }

    /// The same with changes to its configuration, in which `UPSTREAM` and `PORT` stand for its own.
    pub(crate) fn with(change: impl FnOnce(String) -> String) -> Self {
        let upstream = Upstream::start();
        let (port, admin) = (free_port(), free_port());
        let mut site = Self { folder: Folder::new(), child: None, log: Arc::default(), port, admin, upstream };
        std::fs::write(site.database(), &ACCOUNTS.database).unwrap();
        site.configure(change);
        site.run();
        site
    }

    /// A gateway with one more app, `lab.test`, which is open to everybody on this machine.
    pub(crate) fn with_lab(more: &str) -> Self {
        Self::with(|config| config + &Self::lab(more))
    }

    /// The configuration of that app.
    pub(crate) fn lab(more: &str) -> String {
        let policy = "{ action = \"bypass\", include = [{ ip = \"127.0.0.0/8\" }] }";
        format!("\n[apps.lab]\nurl = \"http://lab.test:PORT\"\npolicies = [{policy}]\n{more}\n")
    }

    /// A URL at it.
    pub(crate) fn at_lab(&self, target: &str) -> String {
        self.url("lab.test", target)
    }

    /// Writes the usual configuration with changes; a running gateway notices by itself.
    pub(crate) fn configure(&self, change: impl FnOnce(String) -> String) {
        let text = change(USUAL.to_owned())
            .replace("DATABASE", &self.database().display().to_string())
            .replace("ADMIN", &self.admin.to_string())
            .replace("UPSTREAM", &format!("http://127.0.0.1:{}", self.upstream.port))
            .replace("PORT", &self.port.to_string());
        // In one step, so that nobody reads half of it.
        let new = self.folder.path().join("new.toml");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.config()).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("doorward.toml")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("doorward.db")
    }

    /// Waits until the program has ended by itself.
    pub(crate) fn wait_for_end(&mut self) {
        let mut child = self.child.take().unwrap();
        eventually("it has ended", || child.try_wait().unwrap().is_some());
    }

    /// Starts another that takes the sockets over; returns the one that ran so far.
    pub(crate) fn take_over(&mut self) -> Child {
        let old = self.child.take().unwrap();
        self.spawn(&["serve", "--upgrade"]);
        old
    }

    /// Whether the one that ran before has stopped listening.
    pub(crate) fn has_handed_over(&self) -> bool {
        self.log_lines().iter().any(|line| line.contains("does not listen any more"))
    }

    /// Starts the program and waits until it is ready.
    pub(crate) fn run(&mut self) {
        self.spawn(&["serve"]);
    }

    /// The same by a shell that prepares what the program inherits, and ends with `exec "$@"`.
    pub(crate) fn run_in(&mut self, script: &str) {
        let inner = self.command(&["serve"]);
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(inner.get_program()).args(inner.get_args());
        command.env_remove("DOORWARD_LOG").stdin(Stdio::null());
        self.start_as(command);
    }

    fn spawn(&mut self, arguments: &[&str]) {
        self.start_as(self.command(arguments));
    }

    fn start_as(&mut self, mut command: Command) {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::clone(&self.log);
        thread::spawn(move || stderr.lines().map_while(Result::ok).for_each(|line| log.lock().unwrap().push(line)));
        self.child = Some(child);
        eventually("the gateway is ready", || {
            let status = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(status.is_none(), "it ended: {:?}", self.log_lines());
            self.is_ready()
        });
    }

    fn is_ready(&self) -> bool {
        let listening = std::net::TcpStream::connect(("127.0.0.1", self.admin)).is_ok()
            && std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        let ready = || Wire::open(self.admin).send(&Request::get(&format!("http://127.0.0.1:{}/readyz", self.admin)));
        listening && ready().status == 200
    }

    /// Makes the program read its configuration again, and waits until it has.
    pub(crate) fn reload(&self, change: impl FnOnce(String) -> String) {
        let count = |site: &Self| site.log_lines().iter().filter(|line| line.contains("\"reloaded\"")).count();
        let before = count(self);
        self.configure(change);
        eventually("the configuration is read again", || count(self) > before);
    }

    /// Ends the program as a power cut would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The process id of the program.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// The program with other arguments, on the same configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command.args(arguments).arg("--config").arg(self.config()).env_remove("DOORWARD_LOG").stdin(Stdio::null());
        command
    }

    pub(crate) fn cli(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    #[track_caller]
    pub(crate) fn cli_ok(&self, arguments: &[&str]) -> String {
        let output = self.cli(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A URL at one of the hosts: `localhost` (login), `127.0.0.1` (the main app), `wiki.test`, …
    pub(crate) fn url(&self, host: &str, target: &str) -> String {
        format!("http://{host}:{}{target}", self.port)
    }

    pub(crate) fn main(&self, target: &str) -> String {
        self.url("127.0.0.1", target)
    }

    pub(crate) fn login(&self, target: &str) -> String {
        self.url("localhost", target)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.port)
    }

    /// A browser in which somebody is signed in at the main app.
    pub(crate) fn signed_in(&self, user: &User) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(&self.main("/"), user).expect(200);
        browser
    }

    /// A client of the app at a URL, registered.
    pub(crate) fn agent(&self, url: &str) -> Agent {
        Agent::discover(url)
    }

    pub(crate) fn ada(&self) -> User {
        ACCOUNTS.users[0].clone()
    }

    pub(crate) fn bob(&self) -> User {
        ACCOUNTS.users[1].clone()
    }

    /// Somebody whom no policy admits.
    pub(crate) fn eve(&self) -> User {
        ACCOUNTS.users[2].clone()
    }

    pub(crate) fn log_lines(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Waits for an event in the log.
    #[track_caller]
    pub(crate) fn logged(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut found = None;
        eventually(what, || {
            let events = self.log_lines().into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
            found = events.filter(|event| is_it(event)).last();
            found.is_some()
        });
        found.unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let lines = self.log_lines();
            let last = lines.iter().rev().take(8).rev().map(String::as_str).collect::<Vec<_>>().join("\n");
            eprintln!("the end of the gateway's log:\n{last}");
        }
    }
}

/// Waits for something that happens by itself.
#[track_caller]
pub(crate) fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(15);
    while !happened() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A port that nobody listens on: below those that outgoing connections are given, and never handed out twice.
pub(crate) fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
        let own = u16::try_from(std::process::id() % 200).unwrap();
        AtomicU16::new(11_000 + own * 100)
    });
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A store with three accounts, made once by the command line and copied for each site.
struct Accounts {
    database: Vec<u8>,
    users: Vec<User>,
}

static ACCOUNTS: LazyLock<Accounts> = LazyLock::new(|| {
    let folder = Folder::new();
    let file = folder.path().join("doorward.toml");
    let database = folder.path().join("doorward.db");
    std::fs::write(&file, format!("auth.url = 'http://localhost:8080'\nstore.url = 'sqlite:{}'\n", database.display()))
        .unwrap();
    let add = |name: &'static str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        let output = command.args(["user", "add", name, "--json", "--config"]).arg(&file).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["username"], name);
        User { name, password: answer["password"].as_str().unwrap().to_owned() }
    };
    let users = vec![
        add("ada@example.com", &["--name", "Ada L\u{f6}velace", "--group", "staff", "--group", "ops"]),
        add("bob@example.com", &[]),
        add("eve@example.net", &[]),
    ];
    Accounts { database: std::fs::read(database).unwrap(), users }
});

/// The login origin, and apps at hosts of their own or at paths of one.
const USUAL: &str = r#"
[server]
listen = ["127.0.0.1:PORT"]
admin_listen = "127.0.0.1:ADMIN"
threads = 2

[auth]
url = "http://localhost:PORT"

[store]
url = "sqlite:DATABASE"

[policies.people]
action = "allow"
include = [{ email_domain = "example.com" }]

[policies.public]
action = "bypass"
include = [{ path = "/public/*" }]

[apps.main]
name = "Main app"
url = "http://127.0.0.1:PORT"
upstream = "UPSTREAM"
policies = ["people"]

[apps.main.oauth]
enabled = true

[[apps.main.oauth.scopes]]
name = "notes:write"
description = "Change notes"
requires = { methods = ["POST", "PUT"], paths = ["/notes/*"] }

[[apps.main.oauth.scopes]]
name = "notes:admin"
requires = { paths = ["/notes/admin/*"] }

[apps.wiki]
name = "Team wiki"
url = "http://wiki.test:PORT"
upstream = "UPSTREAM"
policies = ["people"]
oauth.enabled = true

[apps.tools]
url = "http://tools.test:PORT/mcp"
upstream = "UPSTREAM"
policies = ["people"]
oauth.enabled = true

[apps.vault]
url = "http://tools.test:PORT/vault"
upstream = "UPSTREAM"
policies = ["people"]

[apps.plain]
url = "http://plain.test:PORT"
upstream = "UPSTREAM"
policies = ["public", "people"]

[apps.classic]
url = "http://classic.test:PORT"
upstream = "UPSTREAM"
policies = ["people"]
challenge = "redirect"

[apps.strict]
url = "http://strict.test:PORT"
upstream = "UPSTREAM"
policies = ["people"]
challenge = "401"

[apps.legacy]
url = "http://legacy.test:PORT"
upstream = "UPSTREAM"
policies = ["public", "people"]
pass_authorization = true
"#;
