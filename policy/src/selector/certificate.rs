//! The selector `certificate`: any client certificate that the gateway has verified.

use crate::RequestFacts;

/// Whether the request came with one.
pub(super) fn is_presented(request: RequestFacts<'_>) -> bool {
    request.certificate.is_some()
}
