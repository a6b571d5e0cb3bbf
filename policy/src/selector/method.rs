//! The selector `method`: one request method, compared exactly (RFC 9110 section 9.1).

use std::fmt;

/// One method.
#[derive(Debug)]
pub(crate) struct Method(Box<str>);

impl Method {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || !text.bytes().all(is_upper_case_token_byte) {
            return Err(format!("`{text}` is not a method in upper case such as `GET`"));
        }
        Ok(Self(text.into()))
    }

    pub(crate) fn matches(&self, method: &str) -> bool {
        *self.0 == *method
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `tchar` of RFC 9110 section 5.6.2 without the lower-case letters.
fn is_upper_case_token_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_compared_exactly() {
        let method = Method::parse("M-SEARCH").expect("a method");
        assert!(method.matches("M-SEARCH"));
        assert!(!method.matches("m-search"));
        assert!(!method.matches("M-SEARCH "));
    }

    #[test]
    fn what_is_no_method_is_refused() {
        for text in ["get", "Get", "GET POST", "GET,POST", "", "É"] {
            let message = Method::parse(text).expect_err(text);
            assert!(message.contains("is not a method"), "{message}");
        }
    }
}
