//! `doorward service-token`: secrets with which programs pass in their own name. Works before the first start and beside a
//! running gateway, which heeds it at once.

use super::{Failure, block_on, load};
use crate::store::{self, ServiceToken, Stores};
use crate::world::{System, rfc3339};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth::client::PreviousSecret;
use oauth::secret::{Kind, Secret};
use oauth::world::{Clock, Random};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Tokens {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Make a token. Its secret is printed once.
    Add {
        /// What it is called; policies name it so.
        name: String,
        /// How long it lasts.
        #[arg(long, default_value = "8760h", value_parser = humantime::parse_duration)]
        duration: Duration,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the tokens.
    List {
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give a token a new secret, printed once, and another time to last. The secret before does for a while.
    Rotate {
        /// Its name or id.
        token: String,
        /// How long the secret before this one is still accepted; `0s` ends it now.
        #[arg(long, default_value = "24h", value_parser = humantime::parse_duration)]
        overlap: Duration,
        /// How long it lasts from now.
        #[arg(long, default_value = "8760h", value_parser = humantime::parse_duration)]
        duration: Duration,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a token now, for good.
    Revoke {
        /// Its name or id.
        token: String,
    },
}

impl Tokens {
    pub(super) fn run(&self, file: &Path) -> Result<ExitCode, Failure> {
        let config = load(file)?;
        let store = store::open(&config.store.url)?;
        block_on(self.act(&*store))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn act(&self, store: &dyn Stores) -> Result<(), Failure> {
        match &self.act {
            Act::Add { name, duration, json } => add(store, name, *duration, *json).await,
            Act::List { json } => list(&store.service_tokens().await?, *json),
            Act::Rotate { token, overlap, duration, json } => {
                rotate(store, &find(store, token).await?, (*overlap, *duration), *json).await
            }
            Act::Revoke { token } => {
                let token = find(store, token).await?;
                store.remove_service_token(&token.id).await?;
                Ok(())
            }
        }
    }
}

async fn add(store: &dyn Stores, name: &str, lasts: Duration, as_json: bool) -> Result<(), Failure> {
    let plain = name.chars().all(|c| !c.is_control()) && name.trim() == name && !name.starts_with(ServiceToken::PREFIX);
    if name.is_empty() || name.chars().count() > 100 || !plain {
        return Err(Failure::Other(format!(
            "`{}` cannot be a name; write one like `nightly-build`",
            name.escape_debug()
        )));
    }
    let (secret, random, now) = (Secret::generate(Kind::ServiceToken, &System), &System as &dyn Random, System.now());
    let token = ServiceToken {
        id: format!("{}{}", ServiceToken::PREFIX, URL_SAFE_NO_PAD.encode(random.bytes::<12>())),
        name: name.to_owned(),
        secret: secret.hash(),
        previous: None,
        created_at: now,
        expires_at: now.plus(lasts.min(LONGEST)),
        last_used_at: None,
    };
    if !store.add_service_token(&token).await? {
        let what = format!("there is a token `{name}` already; `doorward service-token rotate` gives it a new secret");
        return Err(Failure::Other(what));
    }
    print_secret(&token, &secret, as_json);
    Ok(())
}

async fn rotate(
    store: &dyn Stores,
    token: &ServiceToken,
    (overlap, lasts): (Duration, Duration),
    as_json: bool,
) -> Result<(), Failure> {
    let (secret, now) = (Secret::generate(Kind::ServiceToken, &System), System.now());
    let until = now.plus(overlap.min(LONGEST)).min(token.expires_at);
    let rotated = ServiceToken {
        secret: secret.hash(),
        previous: (now < until).then_some(PreviousSecret { hash: token.secret, until }),
        expires_at: now.plus(lasts.min(LONGEST)),
        ..token.clone()
    };
    if !store.replace_service_token(token, &rotated).await? {
        return Err(Failure::Other(format!("`{}` was changed at the same time; look and try again", token.name)));
    }
    print_secret(&rotated, &secret, as_json);
    Ok(())
}

/// By its name, or else its id; no name begins like an id.
async fn find(store: &dyn Stores, token: &str) -> Result<ServiceToken, Failure> {
    let found = store.service_tokens().await?.into_iter().find(|known| known.name == token || known.id == token);
    found.ok_or_else(|| {
        Failure::Other(format!("there is no service token `{token}`; `doorward service-token list` shows all"))
    })
}

fn print_secret(token: &ServiceToken, secret: &Secret, as_json: bool) {
    if as_json {
        let mut answer = describe(token);
        if let Value::Object(answer) = &mut answer {
            answer.insert("client_secret".into(), json!(secret.expose()));
        }
        println!("{answer}");
        return;
    }
    let text = secret.expose();
    println!("id             {}\nclient_id      {}.access\nclient_secret  {text}\n", token.id, token.id);
    println!("Send `Authorization: Bearer {text}`, or `CF-Access-Client-Id` and `CF-Access-Client-Secret`.");
    println!("The secret is not kept in clear and cannot be shown again. It ends {}.", rfc3339(token.expires_at));
    if let Some(previous) = token.previous {
        println!("The secret before it is accepted until {}.", rfc3339(previous.until));
    }
}

fn list(tokens: &[ServiceToken], as_json: bool) -> Result<(), Failure> {
    if as_json {
        println!("{:#}", Value::from(tokens.iter().map(describe).collect::<Vec<_>>()));
        return Ok(());
    }
    for token in tokens {
        let used = token.last_used_at.map_or_else(|| "never used".to_owned(), rfc3339);
        let (since, until) = (rfc3339(token.created_at), rfc3339(token.expires_at));
        println!("{}  {}  {since}  {until}  {used}", token.id, token.name);
    }
    Ok(())
}

fn describe(token: &ServiceToken) -> Value {
    json!({
        "id": token.id, "name": token.name, "client_id": format!("{}.access", token.id),
        "created_at": token.created_at, "expires_at": token.expires_at, "last_used_at": token.last_used_at,
        "previous_secret_until": token.previous.map(|previous| previous.until),
    })
}

/// Nothing that is added to a clock may overflow it.
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 60 * 60);
