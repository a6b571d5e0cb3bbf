//! How often what costs us may be asked for: [`guesses`] of secrets and calls of our own endpoints, [`requests`] in general.

mod bucket;
mod guess;
mod guesses;
mod requests;

pub(crate) use bucket::Bucket;
pub(crate) use guess::{Guess, Subject, Whence};
pub(crate) use guesses::{DEVICE_RETRY_AFTER, Limits, RETRY_AFTER, network};
pub(crate) use requests::{Asker, Buckets, TooMany};
