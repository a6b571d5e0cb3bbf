//! The command line. One file per command; exit codes: 0 done, 1 refused or failed, 2 usage, 64 bad configuration.

mod check;
mod client;
mod demo;
mod explain;
mod grant;
mod key;
mod mail;
mod selftest;
mod serve;
mod service_token;
mod user;

use crate::config::{self, Config, Problems};
use crate::world::{System, rfc3339};
use clap::{Parser, Subcommand};
use oauth::world::Clock;
use std::path::PathBuf;
use std::process::ExitCode;

/// A self-hosted access gateway: people in by browser, agents in by OAuth, under the same policies.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, about, arg_required_else_help = true)]
struct Cli {
    /// The configuration file.
    #[arg(long, global = true, env = "DOORWARD_CONFIG", default_value = "doorward.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway.
    Serve(serve::Serve),
    /// Run everything embedded: a sample app, an account, a store in a temporary folder.
    Demo(demo::Demo),
    /// Check the configuration and print every mistake in it.
    Check(check::Check),
    /// Say what is decided, or was decided, and why.
    Explain(explain::Explain),
    /// Manage local accounts.
    User(user::User),
    /// Manage the clients of an app.
    Client(client::Clients),
    /// Manage service tokens.
    ServiceToken(service_token::Tokens),
    /// List and end what people have let in: agents, and signed-in browsers.
    Grant(grant::Grants),
    /// List and end the sessions of signed-in browsers.
    Session(grant::Grants),
    /// Try whether mails can be sent.
    Mail(mail::Mails),
    /// List, change and end the keys that sign and seal.
    Key(key::Keys),
    /// Try whether apps believe a stranger who goes round the gateway.
    Selftest(selftest::Selftest),
}

/// Why a command ends without being done.
#[derive(Debug)]
enum Failure {
    /// The configuration is wrong.
    Config(Problems),
    /// Anything else.
    Other(String),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Serve(serve) => serve.run(&cli.config),
        Command::Demo(demo) => demo.run(),
        Command::Check(check) => check.run(&cli.config),
        Command::Explain(explain) => explain.run(&cli.config),
        Command::User(user) => user.run(&cli.config),
        Command::Client(clients) => clients.run(&cli.config),
        Command::ServiceToken(tokens) => tokens.run(&cli.config),
        Command::Grant(grants) => grants.run(&cli.config, grant::Of::Everything),
        Command::Session(grants) => grants.run(&cli.config, grant::Of::Browsers),
        Command::Mail(mails) => mails.run(&cli.config),
        Command::Key(keys) => keys.run(&cli.config),
        Command::Selftest(selftest) => selftest.run(&cli.config),
    };
    match done {
        Ok(code) => code,
        Err(Failure::Config(problems)) => {
            eprintln!("{problems}");
            ExitCode::from(64)
        }
        Err(Failure::Other(what)) => {
            eprintln!("doorward: {what}");
            ExitCode::FAILURE
        }
    }
}

fn load(file: &std::path::Path) -> Result<Config, Failure> {
    config::load(file).map_err(Failure::Config)
}

/// Says on standard error what a command did to accounts, clients or grants, in the form of the gateway's log.
fn audit(mut what: serde_json::Value) {
    let operator = ["SUDO_USER", "USER"].iter().find_map(|name| std::env::var(name).ok());
    what["timestamp"] = serde_json::json!(rfc3339(System.now()));
    what["level"] = serde_json::json!("INFO");
    what["target"] = serde_json::json!("audit");
    what["operator"] = serde_json::json!(operator);
    eprintln!("{what}");
}

/// A runtime for commands that use the store.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Other(error.to_string()))?.block_on(work)
}

impl From<oauth::store::StoreError> for Failure {
    fn from(broken: oauth::store::StoreError) -> Self {
        Self::Other(broken.to_string())
    }
}
