//! The names of headers that upstreams may take for the gateway's word: no client and no configuration says them.

/// Whether a header's name is one that upstreams may take for the gateway's word, in any spelling: `.`, `-` and `_` are the
/// same to the servers behind us.
pub(crate) fn is_claim(name: &str) -> bool {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    PREFIXES.iter().any(|prefix| plain.starts_with(prefix))
        || NAMES.contains(&plain.as_str())
        || (name.contains(['_', '.']) && FRAMING.contains(&plain.as_str()))
}

const PREFIXES: [&str; 19] = [
    "x_forwarded",
    "doorward_",
    "x_doorward_",
    "x_auth_request_",
    "cf_",
    "x_remote_",
    "remote_",
    "x_webauth_",
    "x_authentik_",
    "x_authenticated_",
    "x_auth_",
    "x_goog_authenticated_",
    "x_goog_iap_",
    "x_ms_client_principal",
    "x_ms_token_",
    "x_amzn_oidc_",
    "tailscale_",
    "x_pomerium_",
    "x_vouch_",
];
const NAMES: [&str; 21] = [
    "forwarded",
    "x_real_ip",
    "true_client_ip",
    "client_ip",
    "x_client_ip",
    "x_cluster_client_ip",
    "x_original_url",
    "x_rewrite_url",
    "x_original_uri",
    "x_original_host",
    "x_host",
    "x_script_name",
    "x_http_method_override",
    "x_method_override",
    "x_http_method",
    "x_user",
    "x_email",
    "x_groups",
    "x_user_id",
    "x_username",
    "x_token_subject",
];
// Of these, the plain spelling is the parser's; the others are for a server behind us that reads them as the same.
const FRAMING: [&str; 6] = ["content_length", "transfer_encoding", "host", "connection", "upgrade", "authorization"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hp_01_claims_are_recognised_in_every_spelling() {
        for claim in [
            "X-Forwarded-User",
            "x_forwarded_user",
            "X.Forwarded.User",
            "x-FORWARDED_user",
            "X-Forwarded-For",
            "Doorward-Assertion",
            "doorward_assertion",
            "Doorward.Assertion",
            "X-Auth-Request-Email",
            "Cf-Access-Jwt-Assertion",
            "Forwarded",
            "X-Real-IP",
            "x_real_ip",
            "X-Original-URL",
            "X-HTTP-Method-Override",
            "X-Webauth-Role",
            "Remote-Groups",
            "X-Goog-Authenticated-User-Email",
            "Tailscale-User-Login",
            "X-Forwarded",
            "Content_Length",
            "Transfer.Encoding",
            "True-Client-IP",
            "Remote_User",
        ] {
            assert!(is_claim(&claim.to_ascii_lowercase()), "{claim}");
        }
        for other in [
            "content-length",
            "transfer-encoding",
            "host",
            "accept",
            "mcp-session-id",
            "mcp-param-x",
            "x-request-id",
            "forwarded-by",
            "user-agent",
        ] {
            assert!(!is_claim(other), "{other}");
        }
    }
}
