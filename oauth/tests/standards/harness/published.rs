//! What others publish, as a table, and what was asked for.

use super::REDIRECT;
use async_trait::async_trait;
use oauth::app::DocumentRules;
use oauth::world::{Fetch, FetchError, Fetched};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;
use url::Url;

/// Where most tests publish their client's document.
pub(crate) const DOCUMENT: &str = "https://agent.ex/client.json";

/// A table of answers; everything else cannot be reached.
#[derive(Default)]
pub(crate) struct Published {
    answers: Mutex<HashMap<String, Result<Fetched, FetchError>>>,
    asked: Mutex<Vec<String>>,
}

impl Published {
    /// Publishes a document, as a host that does it right.
    pub(crate) fn put(&self, url: &str, document: &Value) {
        self.answer(url, json_answer(document));
    }

    pub(crate) fn answer(&self, url: &str, answer: Fetched) {
        self.answers.lock().unwrap().insert(url.to_owned(), Ok(answer));
    }

    pub(crate) fn fail(&self, url: &str, error: FetchError) {
        self.answers.lock().unwrap().insert(url.to_owned(), Err(error));
    }

    /// Every URL that was asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Fetch for Published {
    async fn fetch(&self, url: &Url) -> Result<Fetched, FetchError> {
        self.asked.lock().unwrap().push(url.to_string());
        // Others get their turn, as they would while a network is waited for.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let answers = self.answers.lock().unwrap();
        answers.get(url.as_str()).cloned().unwrap_or_else(|| Err(FetchError::Failed("no route to host".to_owned())))
    }
}

pub(crate) fn json_answer(document: &Value) -> Fetched {
    Fetched {
        status: 200,
        content_type: Some("application/json".to_owned()),
        max_age: None,
        body: document.to_string().into(),
    }
}

/// A good document at `url`.
pub(crate) fn document(url: &str) -> Value {
    json!({
        "client_id": url,
        "client_name": "Agent",
        "client_uri": "https://agent.ex/about",
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

/// Any https host, as by default.
pub(crate) fn any_document() -> DocumentRules {
    DocumentRules { allowed_domains: Vec::new(), implicit_none: true }
}
