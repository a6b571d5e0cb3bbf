//! Configurations and what becomes of them, as golden files: `UPDATE_GOLDEN=1` writes them anew.

mod fuzz;
mod golden;
mod oauth;

use super::{Config, Problems};

/// The example that has every key.
const FULL: &str = include_str!("good/full.toml");

fn parse(text: &str) -> Result<Config, Problems> {
    super::parse(text, "doorward.toml")
}

/// A configuration that must be right.
fn config(text: &str) -> Config {
    parse(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A complete configuration with one app at `url`, followed by `more`.
fn with_app(url: &str, more: &str) -> String {
    format!(
        "auth.url = 'http://auth.localhost:8080'\n\
         [apps.wiki]\nurl = '{url}'\nupstream = 'http://127.0.0.1:3000'\n\
         policies = [{{ action = 'allow', include = [{{ everyone = true }}] }}]\n{more}"
    )
}
