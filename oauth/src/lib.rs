//! Who gets a token: an OAuth 2.1 authorization server as a function from `http::Request` to [`Reply`].
//!
//! | read | for |
//! |---|---|
//! | [`call`] | the one entry: which endpoint was called, what it answers |
//! | [`endpoint`] | one file per endpoint of RFC 8414 |
//! | [`grant`] | one file per `grant_type` |
//! | [`consent`] | what a person is asked, and what they allowed |
//! | [`client`], [`client_document`], [`redirect_uri`], [`pkce`], [`scope`], [`resource`] | the rules a request is held against |
//! | [`dpop`] | proofs that a client has the key that its tokens are bound to |
//! | [`token`], [`jwt`], [`keys`], [`secret`], [`user_code`], [`seal`] | what is handed out, and how it is recognised again |
//! | [`json`], [`jose`], [`foreign_keys`] | what others write and sign |
//! | [`store`], [`world`], [`approval`] | what the server needs from outside |
//! | [`error`] | the one place where a failure becomes bytes |

pub mod app;
pub mod approval;
pub mod call;
pub mod client;
pub mod client_auth;
pub mod client_document;
pub mod client_metadata;
pub mod consent;
pub mod dpop;
pub mod endpoint;
pub mod error;
pub mod foreign_keys;
pub mod grant;
pub mod grant_type;
pub mod jose;
pub mod json;
pub mod jwt;
pub mod kept;
pub mod keys;
pub mod parameters;
pub mod pkce;
pub mod redirect_uri;
pub mod resource;
pub mod scope;
pub mod seal;
pub mod secret;
mod server;
pub mod store;
pub mod token;
pub mod user_code;
pub mod world;

pub use call::{Call, Endpoint, Reply, Server};
