//! The PROXY protocol, version 1 and 2: a proxy that passes bytes says before them whose they are. Taken from trusted
//! proxies alone; bounded in size and time.
//!
//! <https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt>

use crate::config::Server;
use pingora::protocols::l4::socket::SocketAddr as Address;
use pingora::protocols::l4::stream::Stream as L4Stream;
use pingora::protocols::{GetSocketDigest, SocketDigest, Stream};
use ppp::{v1, v2};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Why a connection is closed without a word.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwelcome {
    #[error("the peer is no trusted proxy")]
    Stranger,
    #[error("the PROXY header did not come within {} s", WITHIN.as_secs())]
    TooSlow,
    #[error("the PROXY header: {0}")]
    Broken(#[from] io::Error),
    #[error("the PROXY header cannot be read")]
    Unreadable,
}

/// Reads the header of a new connection, and names its client as the peer from here on.
pub(super) async fn take(stream: Stream, server: &Server) -> Result<Stream, Unwelcome> {
    let peer = super::front::peer(&stream).ok_or(Unwelcome::Stranger)?.to_canonical();
    // Before anything is read or said.
    if !server.trusted_proxies.iter().any(|network| network.contains(&peer)) {
        return Err(Unwelcome::Stranger);
    }
    let mut stream = stream.into_any().downcast::<L4Stream>().map_err(|_| Unwelcome::Stranger)?;
    let named = tokio::time::timeout(WITHIN, read(&mut *stream)).await.map_err(|_| Unwelcome::TooSlow)??;
    let peer = match named {
        Client::At(address) => Some(Address::Inet(address)),
        Client::Unknown => None,
        Client::Proxy => return Ok(stream),
    };
    let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
    let _ = digest.peer_addr.set(peer);
    stream.set_socket_digest(digest);
    Ok(stream)
}

/// Whose connection it is.
enum Client {
    At(SocketAddr),
    /// The proxy's own (`LOCAL`).
    Proxy,
    /// Somebody's whom the proxy cannot name (`UNKNOWN`). Taken for the proxy, what they say in `X-Forwarded-For` would be
    /// believed.
    Unknown,
}

/// Reads a header and nothing after it.
async fn read<R: AsyncRead + Unpin>(stream: &mut R) -> Result<Client, Unwelcome> {
    let mut header = vec![0; FIXED_PART];
    stream.read_exact(&mut header[..1]).await?;
    match header[0] {
        b'P' => {
            header.truncate(1);
            read_line(stream, &mut header).await?;
            of_version_1(&header)
        }
        b'\r' => {
            stream.read_exact(&mut header[1..]).await?;
            if !header.starts_with(v2::PROTOCOL_PREFIX) {
                return Err(Unwelcome::Unreadable);
            }
            let length = usize::from(u16::from_be_bytes([header[14], header[15]]));
            if length > LONGEST_REST {
                return Err(Unwelcome::Unreadable);
            }
            header.resize(FIXED_PART + length, 0);
            stream.read_exact(&mut header[FIXED_PART..]).await?;
            of_version_2(&header)
        }
        _ => Err(Unwelcome::Unreadable),
    }
}

/// To the end of the line, byte by byte: what follows is not ours.
async fn read_line<R: AsyncRead + Unpin>(stream: &mut R, line: &mut Vec<u8>) -> Result<(), Unwelcome> {
    while line.len() < LONGEST_LINE {
        let byte = stream.read_u8().await?;
        line.push(byte);
        if byte == b'\n' {
            return Ok(());
        }
        // Not to wait for more of what can be no header.
        if !b"PROXY ".starts_with(&line[..line.len().min(6)]) {
            break;
        }
    }
    Err(Unwelcome::Unreadable)
}

fn of_version_1(line: &[u8]) -> Result<Client, Unwelcome> {
    let header = v1::Header::try_from(line).map_err(|_| Unwelcome::Unreadable)?;
    match header.addresses {
        _ if header.header.len() != line.len() => Err(Unwelcome::Unreadable),
        v1::Addresses::Unknown => Ok(Client::Unknown),
        v1::Addresses::Tcp4(of) => Ok(client(of.source_address.into(), of.source_port)),
        v1::Addresses::Tcp6(of) => Ok(client(of.source_address.into(), of.source_port)),
    }
}

/// What else the header says (TLVs) is left unread.
fn of_version_2(header: &[u8]) -> Result<Client, Unwelcome> {
    let header = v2::Header::try_from(header).map_err(|_| Unwelcome::Unreadable)?;
    match (header.command, header.addresses) {
        (v2::Command::Local, _) => Ok(Client::Proxy),
        (_, v2::Addresses::Unspecified) => Ok(Client::Unknown),
        (_, v2::Addresses::IPv4(of)) => Ok(client(of.source_address.into(), of.source_port)),
        (_, v2::Addresses::IPv6(of)) => Ok(client(of.source_address.into(), of.source_port)),
        // No client comes to us through a proxy by a socket of its machine.
        (_, v2::Addresses::Unix(_)) => Err(Unwelcome::Unreadable),
    }
}

fn client(ip: IpAddr, port: u16) -> Client {
    Client::At(SocketAddr::new(ip.to_canonical(), port))
}

/// How long a proxy may take for its header: it sends it in its first packet.
const WITHIN: Duration = Duration::from_secs(5);

/// Of version 1, with the line break (section 2.1).
const LONGEST_LINE: usize = 107;

/// Of version 2: signature, command, family, and the length of the rest (section 2.2).
const FIXED_PART: usize = 16;

/// Of version 2, after its fixed part: addresses, and more TLVs than any proxy sends.
const LONGEST_REST: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    /// The client that a header names (`-` for the proxy, `?` for nobody), and what is left after it.
    fn told(bytes: &[u8]) -> Result<(String, Vec<u8>), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut rest = bytes;
        let named = runtime.block_on(read(&mut rest)).map_err(|why| why.to_string())?;
        let named = match named {
            Client::At(address) => address.to_string(),
            Client::Proxy => "-".to_owned(),
            Client::Unknown => "?".to_owned(),
        };
        Ok((named, rest.to_vec()))
    }

    fn version_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [v2::PROTOCOL_PREFIX, &[0x20 | command, family], &length, rest].concat()
    }

    #[test]
    fn hp_08_headers_of_both_versions_name_the_client_and_leave_the_rest() {
        let after = b"GET / HTTP/1.1\r\n";
        let v4 = [198, 51, 100, 7, 10, 0, 0, 1, 0x1f, 0x90, 0, 80];
        let v6 =
            [&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7][..], &[0; 16], &[0x1f, 0x90, 0, 80]].concat();
        let cases = [
            (b"PROXY TCP4 198.51.100.7 10.0.0.1 8080 80\r\n".to_vec(), "198.51.100.7:8080"),
            (b"PROXY TCP6 2001:db8::7 ::1 8080 80\r\n".to_vec(), "[2001:db8::7]:8080"),
            (b"PROXY TCP6 ::ffff:198.51.100.7 ::1 8080 80\r\n".to_vec(), "198.51.100.7:8080"),
            (b"PROXY UNKNOWN\r\n".to_vec(), "?"),
            (b"PROXY UNKNOWN 1.2.3.4 5.6.7.8 1 2\r\n".to_vec(), "?"),
            (version_2(1, 0x11, &v4), "198.51.100.7:8080"),
            (version_2(1, 0x21, &v6), "[2001:db8::7]:8080"),
            (version_2(1, 0x11, &[&v4[..], &[0x04, 0, 2, 1, 2]].concat()), "198.51.100.7:8080"),
            (version_2(0, 0x11, &v4), "-"),
            (version_2(1, 0x00, &[]), "?"),
        ];
        for (header, client) in cases {
            let (named, rest) = told(&[&header[..], after].concat()).unwrap_or_else(|why| panic!("{header:?}: {why}"));
            assert_eq!((named.as_str(), rest.as_slice()), (client, &after[..]), "{header:?}");
        }
    }

    #[test]
    fn hp_08_what_is_no_header_ends_the_connection() {
        let long = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200], b"\r\n"].concat();
        let cases: [&[u8]; 12] = [
            b"GET / HTTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\n\r\n",
            b"PROXY\r\n",
            b"PROXY TCP4 198.51.100.7 10.0.0.1 8080\r\n",
            b"PROXY TCP4 198.51.100.999 10.0.0.1 8080 80\r\n",
            b"PROXY TCP4 198.51.100.7 10.0.0.1 8080 80\n",
            b"\x16\x03\x01\x02\x00\x01",
            &long,
            &version_2(1, 0x11, &[1, 2, 3]),
            &version_2(1, 0x31, &[b'/'; 216]),
            &version_2(1, 0x11, &[0; 4096]),
            b"",
        ];
        for header in cases {
            assert!(told(header).is_err(), "{}", String::from_utf8_lossy(header));
        }
    }

    #[test]
    fn hp_08_a_line_without_an_end_is_not_kept() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let endless = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 1_000_000]].concat();
        let mut rest = endless.as_slice();
        assert!(runtime.block_on(read(&mut rest)).is_err());
        assert_eq!(endless.len() - rest.len(), LONGEST_LINE);
    }

    #[test]
    fn hp_08_fuzz_proxy_headers() {
        crate::mutation::Corpus::read("tests/fuzz/proxy_protocol").fuzz(|bytes| {
            let Ok((named, rest)) = told(bytes) else { return };
            assert!(bytes.ends_with(&rest), "only the header is taken");
            assert!(bytes.len() - rest.len() <= FIXED_PART + LONGEST_REST, "no more than a header");
            assert!(matches!(named.as_str(), "-" | "?") || named.parse::<SocketAddr>().is_ok(), "{named}");
        });
    }
}
