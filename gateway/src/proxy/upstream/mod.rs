//! The upstream's side: whom of its servers a request goes to, how, and what becomes of the answer.

mod answer;
mod ask;
mod attempts;
mod group;
mod health;
mod location;
mod peer;
mod server;
mod stranger;
mod upgrade;
mod wait;

pub(super) use answer::{NO_ANSWER, clean_response, describe, replace_cors, retry_after, say_in_grpc};
pub(super) use attempts::Attempts;
pub(crate) use group::Upstreams;
pub(crate) use health::Health;
pub(super) use location::{dress, follow, prepare};
pub(crate) use stranger::{Attempt, Found, Verdict, selftest};
