//! How often what costs us may be asked for: [`guesses`] of secrets and calls of our own endpoints, [`requests`] in general.

mod guesses;
mod requests;

pub(crate) use guesses::{Bucket, DEVICE_RETRY_AFTER, Guess, Limits, RETRY_AFTER, Subject, Whence, network};
pub(crate) use requests::{Asker, Buckets, TooMany};
