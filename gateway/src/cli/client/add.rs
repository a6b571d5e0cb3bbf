//! `doorward client add`: everything is held against the app before anything is kept.

use super::print_secret;
use crate::cli::Failure;
use crate::config::{App, Config};
use crate::store::Stores;
use crate::world::System;
use oauth::client::{Authentication, Client, Signer, SignerKeys};
use oauth::client_metadata::{MAX_NAME_CHARS, text};
use oauth::foreign_keys::is_key_url;
use oauth::grant_type::GrantType;
use oauth::jose::KeySet;
use oauth::redirect_uri::{RedirectRules, Unacceptable};
use oauth::scope::OFFLINE_ACCESS;
use oauth::secret::{Kind, Secret};
use oauth::world::Clock;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// The app that it may ask for tokens.
    #[arg(long)]
    app: String,
    /// What people see it as.
    #[arg(long)]
    name: String,
    /// Where codes may be sent; may be repeated.
    #[arg(long = "redirect-uri")]
    redirect_uris: Vec<String>,
    /// What it may ask the token endpoint for; may be repeated. Left out: codes and refresh tokens if it has a redirect
    /// URI, token exchange if it acts for an app, else client credentials.
    #[arg(long = "grant-type", value_parser = grant_type)]
    grant_types: Vec<GrantType>,
    /// How it proves that it is itself.
    #[arg(long, default_value = "client_secret_basic")]
    auth_method: Method,
    /// A file with its public keys as a JWK Set, for `private_key_jwt`.
    #[arg(long, conflicts_with = "jwks_uri")]
    jwks_file: Option<PathBuf>,
    /// Where its public keys are, for `private_key_jwt`: an https URL.
    #[arg(long)]
    jwks_uri: Option<String>,
    /// The most that it may be granted, as scopes separated by spaces. Left out: all that the app offers.
    #[arg(long)]
    scope: Option<String>,
    /// An app whose upstream it is: it exchanges that app's assertions and tokens for tokens of this one, in the name
    /// of the same people (RFC 8693). May be repeated.
    #[arg(long = "acts-for")]
    acts_for: Vec<String>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum Method {
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
    None,
}

impl Add {
    pub(super) async fn run(&self, config: &Config, store: &dyn Stores) -> Result<(), Failure> {
        let app = find_app(config, &self.app)?;
        let mut client = Client::by_administrator(&app.id, &self.name()?, &System, System.now());
        client.redirect_uris = self.redirect_uris()?;
        client.grant_types = self.grant_types()?;
        client.details.scope = self.scope(app)?;
        client.details.acts_for = self.acts_for(config)?;
        let (authentication, secret) = self.authentication()?;
        client.authentication = authentication;
        store.keep_client(&client).await?;
        print_secret(&client, secret.as_ref(), self.json);
        Ok(())
    }

    /// How it authenticates, and its new secret if it has one.
    fn authentication(&self) -> Result<(Authentication, Option<Secret>), Failure> {
        let has_keys = self.jwks_file.is_some() || self.jwks_uri.is_some();
        if has_keys && self.auth_method != Method::PrivateKeyJwt {
            return Err(refused("`--jwks-file` and `--jwks-uri` are for `--auth-method private_key_jwt`"));
        }
        let secret = Secret::generate(Kind::Client, &System);
        let hash = secret.hash();
        Ok(match self.auth_method {
            Method::ClientSecretBasic => (Authentication::ClientSecretBasic { secret: hash }, Some(secret)),
            Method::ClientSecretPost => (Authentication::ClientSecretPost { secret: hash }, Some(secret)),
            Method::PrivateKeyJwt => (Authentication::PrivateKeyJwt(self.signer()?), None),
            Method::None => (Authentication::None, None),
        })
    }

    fn signer(&self) -> Result<Signer, Failure> {
        let keys = match (&self.jwks_file, &self.jwks_uri) {
            (Some(file), _) => SignerKeys::Jwks(key_set(file)?),
            (None, Some(uri)) if is_key_url(uri) => SignerKeys::JwksUri(uri.clone()),
            (None, Some(_)) => return Err(refused("`--jwks-uri` must be an https URL with a public host name")),
            (None, None) => return Err(refused("`private_key_jwt` needs `--jwks-file FILE` or `--jwks-uri URL`")),
        };
        Ok(Signer { keys, algorithm: None, or_none: false })
    }

    fn name(&self) -> Result<String, Failure> {
        let sent = std::iter::once(("name".to_owned(), self.name.as_str().into())).collect();
        text(&sent, "name", MAX_NAME_CHARS).ok_or_else(|| refused("the name must not be empty"))
    }

    fn redirect_uris(&self) -> Result<Vec<String>, Failure> {
        for uri in &self.redirect_uris {
            let rules = RedirectRules { any_on_localhost: true, any_on_loopback: true, allowed: vec![uri.clone()] };
            match rules.check(uri) {
                Ok(()) => {}
                Err(Unacceptable::Never(why)) => {
                    return Err(refused(format!("`{uri}` cannot be a redirect URI: {why}")));
                }
                Err(Unacceptable::NotAllowed) => return Err(refused(format!("`{uri}` cannot be a redirect URI"))),
            }
        }
        Ok(self.redirect_uris.clone())
    }

    /// OAuth 2.1 section 4.2: who cannot prove that it is itself acts for nobody by itself.
    fn grant_types(&self) -> Result<BTreeSet<GrantType>, Failure> {
        let mut types: BTreeSet<_> = self.grant_types.iter().copied().collect();
        if types.is_empty() {
            types = match (self.redirect_uris.is_empty(), self.acts_for.is_empty()) {
                (false, _) => GrantType::of_code_client(true),
                (true, true) => [GrantType::ClientCredentials].into(),
                (true, false) => BTreeSet::new(),
            };
        }
        if !self.acts_for.is_empty() {
            types.insert(GrantType::TokenExchange);
        }
        let public = self.auth_method == Method::None;
        if let Some(own) = types.iter().find(|own| public && NEEDS_PROOF.contains(own)) {
            return Err(refused(format!("`{}` needs a client with a secret, not `--auth-method none`", own.as_str())));
        }
        if types.contains(&GrantType::AuthorizationCode) == self.redirect_uris.is_empty() {
            return Err(refused("`authorization_code` and `--redirect-uri` need each other"));
        }
        if types.contains(&GrantType::TokenExchange) && self.acts_for.is_empty() {
            return Err(refused("token exchange needs `--acts-for APP`: the app whose upstream the client is"));
        }
        Ok(types)
    }

    fn scope(&self, app: &App) -> Result<Option<String>, Failure> {
        let Some(scope) = &self.scope else { return Ok(None) };
        let known: Vec<_> = app.oauth.scopes.names().chain([OFFLINE_ACCESS]).collect();
        let names: Vec<_> = scope.split_whitespace().collect();
        match names.iter().find(|name| !known.contains(name)) {
            Some(name) => Err(refused(format!("app `{}` has no scope `{name}`; it has: {}", app.id, known.join(" ")))),
            None if names.is_empty() => Err(refused("`--scope` must not be empty; leave it out for all scopes")),
            None => Ok(Some(names.join(" "))),
        }
    }

    fn acts_for(&self, config: &Config) -> Result<BTreeSet<String>, Failure> {
        for id in &self.acts_for {
            if *find(config, id)?.id == self.app {
                return Err(refused("a client needs no token exchange to act for its own app"));
            }
        }
        Ok(self.acts_for.iter().cloned().collect())
    }
}

const NEEDS_PROOF: [GrantType; 3] = [GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::JwtBearer];

fn find<'a>(config: &'a Config, id: &str) -> Result<&'a App, Failure> {
    let known = || config.apps.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let app = config.apps.get(id).ok_or_else(|| refused(format!("no app is called `{id}`; there are: {}", known())))?;
    Ok(app)
}

fn find_app<'a>(config: &'a Config, id: &str) -> Result<&'a App, Failure> {
    let app = find(config, id)?;
    if app.oauth.managed.is_none() {
        return Err(refused(format!(
            "app `{id}` has no managed OAuth; write `apps.{id}.oauth.enabled = true`, or use `doorward service-token add`"
        )));
    }
    Ok(app)
}

fn key_set(file: &Path) -> Result<KeySet, Failure> {
    let wrong = |why: &dyn std::fmt::Display| refused(format!("`{}` is no JWK Set: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    let set = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
    KeySet::parse(&set).map_err(|unusable| wrong(&unusable))
}

/// By its registered name, or the last part of it.
fn grant_type(text: &str) -> Result<GrantType, String> {
    let last = |name: &'static str| name.rsplit(':').next().unwrap_or(name);
    let found = GrantType::ALL.into_iter().find(|known| known.as_str() == text || last(known.as_str()) == text);
    found.ok_or_else(|| format!("known are: {}", GrantType::ALL.map(|known| last(known.as_str())).join(", ")))
}

fn refused(what: impl Into<String>) -> Failure {
    Failure::Other(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add() -> Add {
        Add {
            app: "wiki".into(),
            name: "CI".into(),
            redirect_uris: Vec::new(),
            grant_types: Vec::new(),
            auth_method: Method::ClientSecretBasic,
            jwks_file: None,
            jwks_uri: None,
            scope: None,
            acts_for: Vec::new(),
            json: false,
        }
    }

    #[test]
    fn grant_types_follow_from_what_the_client_is_for() {
        let types = |add: Add| add.grant_types().ok().map(Vec::from_iter);
        assert_eq!(types(add()), Some(vec![GrantType::ClientCredentials]));
        let uris = vec!["https://a.ex/cb".to_owned()];
        let code = Add { redirect_uris: uris, auth_method: Method::None, ..add() };
        assert_eq!(types(code), Some(vec![GrantType::AuthorizationCode, GrantType::RefreshToken]));
        assert_eq!(types(Add { acts_for: vec!["notes".into()], ..add() }), Some(vec![GrantType::TokenExchange]));
        assert_eq!(types(Add { grant_types: vec![GrantType::TokenExchange], ..add() }), None, "for which app?");
        assert_eq!(types(Add { grant_types: vec![GrantType::AuthorizationCode], ..add() }), None, "sent where?");
    }

    #[test]
    fn tx_01_a_client_without_a_secret_acts_for_nobody_by_itself() {
        assert!(Add { auth_method: Method::None, ..add() }.grant_types().is_err());
        assert!(Add { auth_method: Method::PrivateKeyJwt, ..add() }.grant_types().is_ok(), "it signs instead");
        assert!(Add { auth_method: Method::None, acts_for: vec!["notes".into()], ..add() }.grant_types().is_err());
    }

    #[test]
    fn ca_06_a_client_that_signs_needs_public_keys() {
        let signs = || Add { auth_method: Method::PrivateKeyJwt, ..add() };
        assert!(signs().authentication().is_err());
        let keys = |uri: &str| Add { jwks_uri: Some(uri.to_owned()), ..signs() };
        let Ok((authentication, None)) = keys("https://ci.example.com/jwks").authentication() else {
            panic!("it has keys, and no secret")
        };
        assert_eq!(authentication.as_str(), "private_key_jwt");
        assert!(keys("http://ci.example.com/jwks").authentication().is_err());
        let with_secret = Add { auth_method: Method::ClientSecretPost, ..keys("https://ci.example.com/jwks") };
        assert!(with_secret.authentication().is_err());
    }

    #[test]
    fn a_grant_type_is_known_by_its_last_word_too() {
        assert_eq!(grant_type("device_code"), Ok(GrantType::DeviceCode));
        assert_eq!(grant_type("urn:ietf:params:oauth:grant-type:token-exchange"), Ok(GrantType::TokenExchange));
        assert!(grant_type("password").is_err_and(|known| known.contains("client_credentials")));
    }
}
