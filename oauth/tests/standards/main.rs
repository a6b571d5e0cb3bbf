//! The authorization server held against its standards, from outside: one module per text, and each test begins with the
//! id of the requirement that it checks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client_credentials;
mod client_documents;
mod consent;
mod faults;
mod fuzz;
mod harness;
mod identity_assertions;
mod key_rotation;
mod oauth21_authorization;
mod oauth21_client_authentication;
mod oauth21_token;
mod refresh;
mod remembered;
mod rfc7009_revocation;
mod rfc7518_es256;
mod rfc7523_client_assertions;
mod rfc7591_registration;
mod rfc7592_management;
mod rfc7636_pkce;
mod rfc7662_introspection;
mod rfc8037_keys;
mod rfc8252_redirect;
mod rfc8414_metadata;
mod rfc8628_device;
mod rfc8707_resource;
mod rfc9068_access_token;
mod rfc9126_pushed_requests;
mod rfc9449_dpop;
mod rfc9470_step_up;
mod rfc9728_protected_resource;
mod scopes;
mod token_exchange;
