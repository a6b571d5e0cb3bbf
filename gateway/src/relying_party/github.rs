//! GitHub as an identity provider: OAuth with PKCE, then its API for the person, the verified addresses, and the
//! organisations and teams, which become groups.

use super::Trouble;
use super::claims::{Told, is_address};
use super::web::Web;
use crate::config::Github;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use url::Url;

/// Who the person is and belongs to, and nothing that could change anything.
const SCOPES: &str = "read:user user:email read:org";

/// Most pages of a list that are read; a page has a hundred entries.
const MAX_PAGES: usize = 10;

/// GitHub, or a GitHub Enterprise Server.
#[derive(Debug)]
pub(crate) struct GithubClient {
    github: Github,
    web: Web,
}

#[derive(Deserialize)]
struct Answered {
    access_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Email {
    email: String,
    primary: bool,
    verified: bool,
}

#[derive(Deserialize)]
struct Organisation {
    login: String,
}

#[derive(Deserialize)]
struct Team {
    slug: String,
    organization: Organisation,
}

impl GithubClient {
    pub(super) fn new(github: Github) -> Self {
        let web = Web::new(&github.reached);
        Self { github, web }
    }

    /// What stands for `iss` of who comes by it.
    pub(crate) fn issuer(&self) -> String {
        self.github.url.as_str().trim_end_matches('/').to_owned()
    }

    /// Where the person is sent.
    pub(crate) fn authorization_url(&self, redirect_uri: &str, state: &str, verifier: &str) -> Result<Url, Trouble> {
        let mut url = self.at("/login/oauth/authorize")?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.github.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", SCOPES)
            .append_pair("state", state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Redeems a code, once, and reads who came.
    pub(crate) async fn redeem(&self, code: &str, redirect_uri: &str, verifier: &str) -> Result<Told, Trouble> {
        let token = self.token(code, redirect_uri, verifier).await?;
        let user: User = self.api(&token, "/user").await?;
        let emails: Vec<Email> = self.pages(&token, "/user/emails").await?;
        let organisations: Vec<Organisation> = self.pages(&token, "/user/orgs").await?;
        let teams: Vec<Team> = self.pages(&token, "/user/teams").await?;
        let organisations: Vec<_> = organisations.iter().map(|one| one.login.to_ascii_lowercase()).collect();
        let allowed = &self.github.organisations;
        if !allowed.is_empty() && !organisations.iter().any(|one| allowed.contains(one)) {
            return Err(Trouble::NotAMember);
        }
        let teams = teams.iter().map(|team| format!("{}/{}", team.organization.login.to_ascii_lowercase(), team.slug));
        let email = emails.into_iter().find(|email| email.primary && email.verified && is_address(&email.email));
        Ok(Told {
            // The number: a login is given to others one day.
            sub: user.id.to_string(),
            email: email.map(|email| email.email),
            name: user.name.filter(|name| !name.is_empty()).or(Some(user.login)),
            groups: organisations.iter().cloned().chain(teams).collect(),
            ..Told::default()
        })
    }

    async fn token(&self, code: &str, redirect_uri: &str, verifier: &str) -> Result<String, Trouble> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", &self.github.client_id)
            .append_pair("client_secret", self.github.client_secret.expose())
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", verifier)
            .finish();
        let request = Request::post(self.at("/login/oauth/access_token")?.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(form.into_bytes())
            .map_err(Trouble::unbelievable)?;
        let answer = self.web.send(request).await?;
        // Errors come with status 200.
        let answered: Answered = serde_json::from_slice(answer.body())
            .map_err(|_| Trouble::unbelievable("its token response is no JSON object"))?;
        match (answered.access_token, answered.error) {
            (Some(token), None) => Ok(token),
            (_, Some(code)) => Err(Trouble::Refused { code, words: answered.error_description.unwrap_or_default() }),
            (None, None) => Err(Trouble::unbelievable("it sent no access token")),
        }
    }

    async fn pages<T: DeserializeOwned>(&self, token: &str, path: &str) -> Result<Vec<T>, Trouble> {
        let mut all = Vec::new();
        for page in 1..=MAX_PAGES {
            let read: Vec<T> = self.api(token, &format!("{path}?per_page=100&page={page}")).await?;
            let last = read.len() < 100;
            all.extend(read);
            if last {
                return Ok(all);
            }
        }
        Err(Trouble::TooManyGroups)
    }

    async fn api<T: DeserializeOwned>(&self, token: &str, path: &str) -> Result<T, Trouble> {
        let url = format!("{}{path}", self.github.api_url.as_str().trim_end_matches('/'));
        let url = Url::parse(&url).map_err(Trouble::unbelievable)?;
        let headers = [
            (header::AUTHORIZATION, format!("Bearer {token}")),
            (header::ACCEPT, "application/vnd.github+json".to_owned()),
        ];
        let answer = self.web.get(&url, &headers).await?.expect_ok("its API")?;
        serde_json::from_slice(&answer.body).map_err(|_| Trouble::unbelievable("its API answers something else"))
    }

    fn at(&self, path: &str) -> Result<Url, Trouble> {
        Url::parse(&format!("{}{path}", self.issuer())).map_err(Trouble::unbelievable)
    }
}
