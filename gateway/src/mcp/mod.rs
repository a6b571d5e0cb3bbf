//! Messages of the Model Context Protocol on their way through (its transport "Streamable HTTP"): what a body says, whether
//! the headers that repeat it agree, and whose session it belongs to. Nothing here decides; policy does.

mod coding;
mod fault;
mod message;
mod mirror;
mod session;

pub(crate) use coding::check as check_coding;
pub(crate) use fault::Fault;
pub(crate) use message::{Called, Messages};
pub(crate) use mirror::Mirror;
pub(crate) use session::{HEADER as SESSION_HEADER, Sessions};
