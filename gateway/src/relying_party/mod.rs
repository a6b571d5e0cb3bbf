//! The gateway as a client of identity providers: what is asked of them, and what of their answers is believed (OpenID
//! Connect Core 1.0, Discovery 1.0, Back-Channel Logout 1.0; GitHub's OAuth).

pub(crate) mod claims;
mod discovery;
pub(crate) mod github;
mod id_token;
mod keys;
mod logout_token;
mod provider;
mod tokens;
mod web;

pub(crate) use claims::Told;
pub(crate) use github::GithubClient;
pub(crate) use logout_token::LoggedOut;
pub(crate) use provider::{Ask, OpenIdProvider, Refreshed};

use crate::config::{Config, ProviderKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The external providers of one configuration, with what was learned from each since.
#[derive(Debug, Default)]
pub(crate) struct Providers {
    openid: BTreeMap<String, Arc<OpenIdProvider>>,
    github: BTreeMap<String, Arc<GithubClient>>,
}

impl Providers {
    /// From the configuration. Nobody is asked yet: a provider may start after the gateway.
    pub(crate) fn new(config: &Config) -> Self {
        let mut providers = Self::default();
        for (name, provider) in &config.identity_providers {
            match &provider.kind {
                ProviderKind::Oidc(oidc) => {
                    providers.openid.insert(name.clone(), Arc::new(OpenIdProvider::new((**oidc).clone())));
                }
                ProviderKind::Github(github) => {
                    providers.github.insert(name.clone(), Arc::new(GithubClient::new((**github).clone())));
                }
                _ => {}
            }
        }
        providers
    }

    /// The OpenID provider of this name.
    pub(crate) fn openid(&self, name: &str) -> Option<&Arc<OpenIdProvider>> {
        self.openid.get(name)
    }

    /// All OpenID providers, by name.
    pub(crate) fn all_openid(&self) -> impl Iterator<Item = (&String, &Arc<OpenIdProvider>)> {
        self.openid.iter()
    }

    /// The GitHub of this name.
    pub(crate) fn github(&self, name: &str) -> Option<&Arc<GithubClient>> {
        self.github.get(name)
    }
}

/// Why a sign-in by a provider did not work. The text is for the log alone: it may repeat what a stranger wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// It cannot be reached, or is out of order.
    #[error("the provider does not answer: {0}")]
    Unreachable(String),
    /// It said no: an OAuth error code, and its words.
    #[error("the provider refused: {code}: {words}")]
    Refused {
        /// `error`
        code: String,
        /// `error_description`
        words: String,
    },
    /// Its answer is not what it must be.
    #[error("the provider's answer is not believed: {0}")]
    Unbelievable(String),
    /// It left the groups out because there are too many.
    #[error("the provider left the groups out because there are too many (`_claim_names`)")]
    TooManyGroups,
    /// The sign-in is older or weaker than was asked for.
    #[error("the sign-in is not what was asked for: {0}")]
    TooWeak(String),
    /// The person is in none of the organisations that may sign in.
    #[error("the person is a member of none of the organisations")]
    NotAMember,
}

impl Trouble {
    /// An answer that is not believed.
    pub(crate) fn unbelievable(why: impl ToString) -> Self {
        Self::Unbelievable(why.to_string())
    }
}
