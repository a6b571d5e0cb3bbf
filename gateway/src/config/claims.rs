//! The names of headers that upstreams may take for the gateway's word: no client and no configuration says them.

/// Whether a header's name is one that upstreams may take for the gateway's word, in any spelling: `.`, `-` and `_` are the
/// same to the servers behind us.
pub(crate) fn is_claim(name: &str) -> bool {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    PREFIXES.iter().any(|prefix| plain.starts_with(prefix))
        || NAMES.contains(&plain.as_str())
        || (name.contains(['_', '.']) && READ_HERE.contains(&plain.as_str()))
}

const PREFIXES: [&str; 31] = [
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
    // What a TLS terminator says of the client's certificate (RFC 9440 section 2.4).
    "client_cert",
    "x_client_cert",
    "ssl_client_",
    "x_ssl_client_",
    "x_tls_client_",
    "x_amzn_mtls_",
    "wl_proxy_",
    "x_original_",
    "x_rewrite_",
    "x_envoy_",
    "x_consumer_",
    "oidc_claim_",
];
const NAMES: [&str; 38] = [
    "forwarded",
    "x_real_ip",
    "true_client_ip",
    "client_ip",
    "x_client_ip",
    "x_cluster_client_ip",
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
    "x_user_email",
    "x_user_name",
    "x_user_groups",
    "x_userinfo",
    "x_credential_identifier",
    "x_jwt_assertion",
    "iv_user",
    "iv_groups",
    "sm_user",
    "x_client_dn",
    "x_client_verify",
    "x_ssl_cert",
    "x_arr_clientcert",
    "proxy_client_ip",
    "fly_client_ip",
    "fastly_client_ip",
    "x_azure_clientip",
    "x_override_url",
    "x_http_path_override",
    "x_http_destinationurl",
    // A program that is started for each request has it as the variable of its own proxy ("httpoxy", CVE-2016-5385).
    "proxy",
];
// Of these, the plain spelling is read here; the others are for a server behind us that reads them as the same.
const READ_HERE: [&str; 8] = [
    "content_length",
    "content_type",
    "content_encoding",
    "transfer_encoding",
    "mcp_session_id",
    "mcp_protocol_version",
    "mcp_method",
    "mcp_name",
];

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
            "Client-Cert",
            "Client_Cert_Chain",
            "X-SSL-Client-S-DN",
            "X-Original-Method",
            "Proxy",
            "Mcp_Session_Id",
            "Content.Encoding",
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
            "content-type",
            "proxy-status",
            "x-request-id",
            "forwarded-by",
            "user-agent",
        ] {
            assert!(!is_claim(other), "{other}");
        }
    }
}
