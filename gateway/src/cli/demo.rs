//! `doorward demo`: everything embedded, on this machine alone. Two host names of one address, so that the consent page is
//! really on another origin than the app.

use super::{Failure, block_on, user};
use crate::login::local::password;
use crate::telemetry::start_logging;
use crate::world::System;
use crate::{compose, config, sample, store};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// The port, on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Lifetime of access tokens, such as `15m`; short ones show agents refreshing.
    #[arg(long, default_value = "15m")]
    access_token_lifetime: String,
    /// Keep the store and the configuration here instead of in a temporary folder.
    #[arg(long)]
    folder: Option<PathBuf>,
}

const EMAIL: &str = "ada@example.com";

impl Demo {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let folder = Folder::new(self.folder.as_deref())?;
        let upstream = start_sample_app()?;
        let file = folder.path.join("doorward.toml");
        std::fs::write(&file, self.configuration(&folder.path, upstream)).map_err(other)?;
        let config = config::load(&file).map_err(Failure::Config)?;
        compose::check_addresses(&config)
            .map_err(|failure| Failure::Other(format!("{failure}; another port can be named with `--port`")))?;
        let store = store::open(&config.store.url)?;
        let password = password::generate(&System);
        let phc = user::hash(&password, user::cost_of(&config))?;
        let person =
            user::Person { email: EMAIL.to_owned(), name: Some("Ada".to_owned()), groups: vec!["staff".to_owned()] };
        let account = block_on(user::add(&*store, &person, Some(phc)));
        let account = account.map(|()| password);
        drop(store);
        let _logs = start_logging("warn,request=info,audit=info,oauth=info");
        self.print(account.ok().as_deref(), &file);
        compose::run(config, compose::Start { file: Some(file), upgrade: false })
            .map_err(|failure| Failure::Other(failure.to_string()))?;
        Ok(ExitCode::SUCCESS)
    }

    fn configuration(&self, folder: &Path, upstream: u16) -> String {
        let Self { port, access_token_lifetime, .. } = self;
        let store = folder.join("doorward.db");
        let store = store.display();
        format!(
            r#"# Made by `doorward demo`. Change it while the demo runs: it is read again at once.
[server]
listen = ["127.0.0.1:{port}"]
admin_listen = false

[auth]
url = "http://localhost:{port}"

[store]
url = "sqlite:{store}"

[policies.members]
action = "allow"
include = [{{ email_domain = "example.com" }}]

[apps.sample]
name = "Sample app"
url = "http://127.0.0.1:{port}"
upstream = "http://127.0.0.1:{upstream}"
policies = ["members"]

[apps.sample.oauth]
enabled = true

[apps.sample.oauth.grant]
access_token_lifetime = "{access_token_lifetime}"
"#
        )
    }

    fn print(&self, password: Option<&str>, file: &Path) {
        let app = format!("http://127.0.0.1:{}", self.port);
        let password = password.unwrap_or("(as printed when this folder was first used)");
        println!(
            "Doorward demo

  app            {app}
  login          http://localhost:{port}
  username       {EMAIL}
  password       {password}
  configuration  {file}

Three things to try:

  1. A browser    open {app}/ and sign in. The sample app shows who it was told is asking.

  2. curl         curl -i {app}/
                  gets a 401 whose WWW-Authenticate header says where a program learns how to sign in.

  3. An agent     claude mcp add --transport http sample {app}/mcp
                  or any other MCP client: give it {app}/mcp and nothing else. It registers, opens your
                  browser once, you press Allow, and it can call the sample app's tools as you.

Ctrl-C ends the demo. One JSON line per request follows.
",
            port = self.port,
            file = file.display(),
        );
    }
}

/// The demo's folder; a temporary one is removed at the end, if the process gets to see it.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn new(asked: Option<&Path>) -> Result<Self, Failure> {
        let temporary = asked.is_none();
        let path = asked
            .map_or_else(|| std::env::temp_dir().join(format!("doorward-demo-{}", std::process::id())), Path::to_owned);
        std::fs::create_dir_all(&path).map_err(other)?;
        restrict(&path)?;
        Ok(Self { path, temporary })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn restrict(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(other)
}

/// Runs the sample app beside the gateway; returns its port.
fn start_sample_app() -> Result<u16, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(other)?;
    let port = listener.local_addr().map_err(other)?.port();
    listener.set_nonblocking(true).map_err(other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(other)?;
    std::thread::spawn(move || {
        let served = runtime.block_on(async { sample::serve(tokio::net::TcpListener::from_std(listener)?).await });
        if let Err(error) = served {
            eprintln!("doorward: the sample app ended: {error}");
        }
    });
    Ok(port)
}

fn other(error: std::io::Error) -> Failure {
    Failure::Other(error.to_string())
}
