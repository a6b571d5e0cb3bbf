//! The gateway: the proxy in front of the apps, and the program.
//!
//! A request goes one straight line: [`request`] → [`route`] → [`identify`] → policy → [`admit`] → upstream. What ends it
//! on the way is a [`refusal`], and [`refuse`] alone turns that into bytes. Our own endpoints are in [`own`] and
//! [`login`]; [`compose`] puts the parts together.

mod acme;
mod admit;
mod approval;
mod assertion;
pub mod brand;
pub mod cli;
pub mod compose;
pub mod config;
mod cors;
mod fetch;
mod gateway;
mod identify;
mod known;
mod limits;
mod login;
pub mod mail;
mod mcp;
mod own;
pub mod pages;
mod proxy;
mod refusal;
mod refuse;
mod relying_party;
mod replay;
mod request;
mod respond;
mod route;
pub mod sample;
pub mod store;
mod telemetry;
mod tls;
mod world;

#[cfg(test)]
#[path = "../../oauth/tests/fuzz/mutation.rs"]
mod mutation;
