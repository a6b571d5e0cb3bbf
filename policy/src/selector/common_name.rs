//! The selector `common_name`: the common name of a verified client certificate, compared exactly.

use std::fmt;

use crate::RequestFacts;

/// One common name.
#[derive(Debug)]
pub(crate) struct CommonName(Box<str>);

impl CommonName {
    pub(crate) fn new(name: &str) -> Self {
        Self(name.into())
    }

    pub(crate) fn matches(&self, request: RequestFacts<'_>) -> bool {
        request.certificate.and_then(|certificate| certificate.common_name.as_deref()) == Some(&*self.0)
    }
}

impl fmt::Display for CommonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
