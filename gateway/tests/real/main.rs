//! Real clients against `doorward demo` as a newcomer runs it: Chromium, curl, the official TypeScript and Python SDKs of
//! MCP, oauth4webapi. None is modified; `.ci/install tests` provides them, and a missing one fails.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod browsers;
mod curl;
mod demo;
mod sdks;
