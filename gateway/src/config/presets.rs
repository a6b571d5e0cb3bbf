//! The redirect URIs of well-known clients, as their makers publish them.

/// The redirect URIs of a client, by the name that is used in `presets`.
pub(crate) fn find(name: &str) -> Option<&'static [&'static str]> {
    PRESETS.iter().find(|(known, _)| *known == name).map(|(_, uris)| *uris)
}

/// The names that can be used in `presets`; all of them are the default.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name)
}

const PRESETS: &[(&str, &[&str])] = &[
    ("claude", &["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"]),
    ("chatgpt", &["https://chatgpt.com/connector_platform_oauth_redirect", "https://chatgpt.com/connector/oauth/*"]),
    ("cursor", &["cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback"]),
    ("vscode", &["https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect"]),
];
