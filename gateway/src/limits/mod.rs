//! How often what costs us may be asked for: [`guesses`] of secrets and calls of our own endpoints, [`requests`] in general;
//! and how much of what is sent is [`held`].

mod bucket;
mod guess;
mod guesses;
mod held;
mod requests;

pub(crate) use bucket::Bucket;
pub(crate) use guess::{Guess, Subject, Whence};
pub(crate) use guesses::{DEVICE_RETRY_AFTER, Limits, RETRY_AFTER, network};
pub(crate) use held::{Held, Room};
pub(crate) use requests::{Asker, Buckets, TooMany};
