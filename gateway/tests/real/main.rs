//! Real clients against `doorward demo` as a newcomer runs it: Chromium, curl, the official SDKs of MCP, OAuth libraries,
//! verifiers of what we sign. None is modified; `.ci/install tests` provides them, and a missing one fails.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod acme;
mod browsers;
mod client_certificates;
mod curl;
mod demo;
mod devices;
mod grants;
mod grpc;
mod machine;
mod mail;
mod mcp_conformance;
mod oauth_libraries;
mod pages;
mod passkeys;
mod providers;
mod rmcp;
mod schemathesis;
mod sdks;
mod served;
mod spa;
mod streams;
mod tls;
mod upstream_tls;
mod verifiers;
