//! Framing of HTTP/1 requests (RFC 9112 sections 2.2, 5, 6): checked on the bytes as they came, because the parser below is
//! lenient and hands us its own reading.

use super::Malformed;

/// Refuses a header section that another server could frame differently. `raw` is the request line and all fields.
pub(crate) fn check(raw: &[u8]) -> Result<(), Malformed> {
    let mut lines = raw.split(|b| *b == b'\n');
    let request_line = lines.next().unwrap_or_default();
    check_line(request_line)?;
    if request_line.contains(&b'#') {
        return Err(Malformed("the target has a fragment"));
    }
    let mut lengths = 0;
    let mut codings = 0;
    for line in lines.take_while(|line| !matches!(*line, b"" | b"\r")) {
        check_line(line)?;
        let (name, value) = split(line)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            lengths += 1;
            if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
                return Err(Malformed("the Content-Length is malformed"));
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            codings += 1;
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Malformed("the Transfer-Encoding is not `chunked`"));
            }
        }
    }
    if lengths + codings > 1 {
        return Err(Malformed("the body's length is given twice"));
    }
    Ok(())
}

fn check_line(line: &[u8]) -> Result<(), Malformed> {
    let content = line.strip_suffix(b"\r").ok_or(Malformed("a line does not end with CRLF"))?;
    if content.contains(&b'\r') || content.contains(&0) {
        return Err(Malformed("a line has a control character"));
    }
    Ok(())
}

fn split(line: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let colon = line.iter().position(|b| *b == b':').ok_or(Malformed("a header has no colon"))?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || name.iter().any(|b| b.is_ascii_whitespace()) {
        return Err(Malformed("a header's name is malformed"));
    }
    Ok((name, value.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: &str) -> Vec<u8> {
        format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").into_bytes()
    }

    #[test]
    fn hp_17_ambiguous_framing_is_refused() {
        for bad in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3, 3\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: 0x3\r\n",
            "Content-Length:\r\n",
            "Content-Length : 3\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding:\x0bchunked\r\n",
            "X: a\n",
            " X: folded\r\n",
            "X: a\rb\r\n",
            "X: \0\r\n",
            "nocolon\r\n",
            ": x\r\n",
        ] {
            assert!(check(&request(bad)).is_err(), "{bad:?}");
        }
        assert!(check(b"GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n").is_err());
        assert!(check(b"GET / HTTP/1.1\nHost: a\r\n\r\n").is_err());
    }

    #[test]
    fn plain_framing_is_accepted() {
        for good in
            ["", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "transfer-encoding: Chunked\r\n", "X:a\r\n"]
        {
            assert_eq!(check(&request(good)), Ok(()), "{good:?}");
        }
    }
}
