//! What can be done about the refusal of an OAuth call: by who develops the client, and by who runs the gateway.

/// For the client's developer, and for the administrator.
pub(crate) fn remedy(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "invalid_request" => (
            "send what the text names, once, in the form that the endpoint reads; take the URLs from the metadata",
            "nothing to configure; the client is at fault",
        ),
        "invalid_client" => (
            "register again or send the id and the authentication method that were registered",
            "see `client_id` in `sent`: the client may have been forgotten, or belongs to another app",
        ),
        "invalid_grant" => (
            "forget the code or token and ask the person again; never redeem a code or a refresh token twice",
            "`doorward grant list --all` shows whether the grant lives and why it ended; nothing to configure",
        ),
        "unauthorized_client" => {
            ("register with the grant type that is used", "nothing to configure; the client registered without it")
        }
        "unsupported_grant_type" => (
            "use a grant type of the metadata's `grant_types_supported`",
            "turn the grant type on, if the app has it off",
        ),
        "invalid_scope" => (
            "ask for scopes of the metadata's `scopes_supported`, or for none",
            "add the scope to `[[apps.ID.oauth.scopes]]` if it should exist",
        ),
        "invalid_target" => (
            "send the `resource` of the protected resource metadata, or none",
            "compare `resource` in `sent` with the `url` of the app",
        ),
        "invalid_redirect_uri" => (
            "register a redirect URI that the app allows; loopback URIs usually are",
            "add the URI to `apps.ID.oauth.dynamic_client_registration.allowed_uris`, or its client to `presets`",
        ),
        "invalid_client_metadata" => (
            "correct the member that the text names",
            "nothing to configure; the client's registration or document is at fault",
        ),
        "access_denied" => ("ask the person again", "the person said no, or the consent page was too old"),
        "unsupported_response_type" => ("use `response_type=code` with PKCE", "nothing to configure"),
        "request_not_supported" | "request_uri_not_supported" => (
            "send the parameters in the URL, or by the pushed request endpoint of the metadata",
            "nothing to configure",
        ),
        "not_found" => ("take the endpoints from the metadata", "what the text names is off for this app"),
        _ => return None,
    })
}
