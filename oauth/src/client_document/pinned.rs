//! The documents of well-known agents, kept in the program: these agents no longer register once client documents are
//! advertised, and a gateway without a way out could not fetch theirs. A pinned document is used as it is here, and never
//! fetched.

use super::document::Document;
use super::document_url::DocumentUrl;
use super::methods::Methods;
use crate::client::{Signer, SignerKeys};
use crate::client_metadata::fingerprint;
use crate::jose::Algorithm;
use serde_json::json;

/// When these values were last compared with what the vendors publish.
pub const PINNED_ON: &str = "2026-09-24";

/// The pinned document of this URL.
pub fn pinned(url: &DocumentUrl) -> Option<Document> {
    let (_, name, redirect_uris) = PINNED.iter().find(|(known, ..)| *known == url.as_str())?;
    let keys = SIGNERS.iter().filter(|(known, _)| *known == url.as_str());
    let keys = keys.map(|(_, jwks_uri)| ("jwks_uri".to_owned(), json!(jwks_uri)));
    let redirect_uris: Vec<_> = redirect_uris.iter().map(|uri| (*uri).to_owned()).collect();
    Some(Document {
        fingerprint: fingerprint(name, &redirect_uris, &keys.collect()),
        name: (*name).to_owned(),
        uri: None,
        redirect_uris,
        refreshes: true,
        methods: methods(url),
        pushes: false,
    })
}

/// All can be public clients; ChatGPT prefers to sign.
fn methods(url: &DocumentUrl) -> Methods {
    match SIGNERS.iter().find(|(known, _)| *known == url.as_str()) {
        None => Methods::None,
        Some((_, jwks_uri)) => Methods::PrivateKeyJwt(Box::new(Signer {
            keys: SignerKeys::JwksUri((*jwks_uri).to_owned()),
            algorithm: Some(Algorithm::Rs256),
            or_none: true,
        })),
    }
}

/// Those that can sign too, and where their keys are: these are fetched when an assertion comes, for they change.
const SIGNERS: &[(&str, &str)] = &[("https://chatgpt.com/oauth/client.json", "https://chatgpt.com/oauth/jwks.json")];

/// The URLs of all pinned documents.
pub fn pinned_urls() -> impl Iterator<Item = &'static str> {
    PINNED.iter().map(|(url, ..)| *url)
}

/// URL, name and redirect URIs. All of them can be public clients (`none`) that use codes and refresh tokens.
const PINNED: &[(&str, &str, &[&str])] = &[
    (
        "https://claude.ai/oauth/claude-code-client-metadata",
        "Claude Code",
        &["http://localhost/callback", "http://127.0.0.1/callback"],
    ),
    ("https://claude.ai/oauth/mcp-oauth-client-metadata", "Claude", &["https://claude.ai/api/mcp/auth_callback"]),
    (
        "https://chatgpt.com/oauth/codex/client.json",
        "Codex",
        &["http://127.0.0.1/callback", "http://localhost/callback"],
    ),
    (
        // ChatGPT uses this one with servers that send `iss` (RFC 9207), as this one does.
        "https://chatgpt.com/oauth/client.json",
        "ChatGPT",
        &["https://chatgpt.com/connector_platform_oauth_redirect"],
    ),
    (
        "https://vscode.dev/oauth/client-metadata.json",
        "Visual Studio Code",
        &["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
    ),
    ("https://zed.dev/oauth/client-metadata.json", "Zed", &["http://127.0.0.1/callback"]),
    (
        "https://opencode.ai/oauth/opencode/client.json",
        "OpenCode",
        &["http://127.0.0.1/callback", "http://localhost/callback"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cm_25_each_pinned_document_is_what_its_json_would_be_read_as() {
        for (id, name, redirect_uris) in PINNED {
            let url = DocumentUrl::parse(id).unwrap();
            let mut json = json!({
                "client_id": id,
                "client_name": name,
                "redirect_uris": redirect_uris,
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            });
            if let Some((_, jwks_uri)) = SIGNERS.iter().find(|(known, _)| known == id) {
                json["token_endpoint_auth_method"] = json!("private_key_jwt");
                json["token_endpoint_auth_methods_supported"] = json!(["none", "private_key_jwt"]);
                json["token_endpoint_auth_signing_alg"] = json!("RS256");
                json["jwks_uri"] = json!(jwks_uri);
            }
            assert_eq!(Document::parse(&url, json.to_string().as_bytes()).unwrap(), pinned(&url).unwrap(), "{id}");
        }
    }

    #[test]
    fn nothing_is_pinned_for_a_neighbour() {
        for other in [
            "https://claude.ai/oauth/claude-code-client-metadata/",
            "https://claude.ai/oauth/claude-code-client-metadata?x",
            "https://claude.com/oauth/mcp-oauth-client-metadata",
            "https://chatgpt.com/oauth/abc/client.json",
        ] {
            assert!(pinned(&DocumentUrl::parse(other).unwrap()).is_none(), "{other}");
        }
    }
}
