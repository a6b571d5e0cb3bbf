//! What well-known OpenID providers need, as data: the keys of `[identity_providers.NAME]` that are not written.

/// What a preset fills in.
#[derive(Debug)]
pub(crate) struct Preset {
    /// The name that is used in `preset`.
    pub(crate) name: &'static str,
    /// The issuer, with `{tenant}` or `{domain}` where that key goes; `None` if everybody has their own.
    pub(crate) issuer: Option<&'static str>,
    /// What is asked for.
    pub(crate) scopes: &'static [&'static str],
    /// What is sent along in the authorization request.
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    /// The claim with the groups.
    pub(crate) groups_claim: &'static str,
    /// The claim that says that the address is verified.
    pub(crate) email_verified_claim: &'static str,
    /// Whether the groups are told by userinfo alone.
    pub(crate) userinfo: bool,
}

/// The preset of this name.
pub(crate) fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// The names that can be used in `preset`.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|preset| preset.name)
}

/// Without a preset.
pub(crate) const NONE: Preset = Preset {
    name: "",
    issuer: None,
    scopes: &["openid", "email", "profile"],
    parameters: &[],
    groups_claim: "groups",
    email_verified_claim: "email_verified",
    userinfo: false,
};

const PRESETS: &[Preset] = &[
    // Refresh tokens come by a parameter, not by a scope; Google knows no groups.
    Preset {
        name: "google",
        issuer: Some("https://accounts.google.com"),
        parameters: &[("access_type", "offline")],
        ..NONE
    },
    // There is no `email_verified`: the optional claim `xms_edov` says whether the address is of a domain that is the
    // tenant's own.
    Preset {
        name: "entra",
        issuer: Some("https://login.microsoftonline.com/{tenant}/v2.0"),
        scopes: &["openid", "email", "profile", "offline_access"],
        email_verified_claim: "xms_edov",
        ..NONE
    },
    Preset {
        name: "okta",
        issuer: Some("https://{domain}"),
        scopes: &["openid", "email", "profile", "groups", "offline_access"],
        ..NONE
    },
    Preset { name: "keycloak", ..NONE },
    // The scope `profile` has the groups.
    Preset { name: "authentik", scopes: &["openid", "email", "profile", "offline_access"], ..NONE },
    // Roles of the project, as the keys of an object.
    Preset {
        name: "zitadel",
        scopes: &["openid", "email", "profile", "offline_access", "urn:zitadel:iam:org:project:roles"],
        groups_claim: "urn:zitadel:iam:org:project:roles",
        ..NONE
    },
    // The ID token has the groups of which somebody is a direct member; userinfo has all.
    Preset { name: "gitlab", issuer: Some("https://gitlab.com"), userinfo: true, ..NONE },
];
