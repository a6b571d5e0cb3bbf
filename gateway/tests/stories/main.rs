//! What users, operators, clients and upstreams meet: black-box tests of the built program, one file per story. A test's
//! name begins with the requirements that it holds.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod accounts;
mod agents;
mod attacks;
mod balance;
mod brand;
mod browser;
mod challenge;
mod clock;
mod config_reload;
mod connected;
mod connections;
mod consent;
mod device;
mod differential;
mod dpop;
mod faults;
mod fetch;
mod floods;
mod grants;
mod harness;
mod http2;
mod keys;
mod lifecycle;
mod limits;
mod mcp;
mod never_down;
mod operations;
mod outage;
mod pages;
mod policies;
mod providers;
mod proxy_protocol;
mod pushed;
mod raw;
mod replay;
mod scopes;
mod selftest;
mod services;
mod sessions;
mod step_up;
mod streams;
mod transfer;
mod upgrades;
mod upstream;
mod upstream_paths;
