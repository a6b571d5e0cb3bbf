//! The selector `ip`: a CIDR block or a single address.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// A block of addresses. IPv4-mapped IPv6 addresses (RFC 4291 section 2.5.5.2) are IPv4 addresses
/// here, on both sides, so an IPv6 block as wide as `::/0` holds no IPv4 address.
#[derive(Debug)]
pub(crate) struct IpRange(IpNet);

impl IpRange {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let net = text
            .parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| format!("`{text}` is not an address or a block such as `10.0.0.0/8` or `2001:db8::/32`"))?;
        // `10.0.0.1/8` is more often a slip for `/32` than a wish for sixteen million addresses.
        if net.trunc() != net {
            return Err(format!(
                "`{text}` names an address inside a block; write `{}` for the block or `{}` for the address",
                net.trunc(),
                net.addr()
            ));
        }
        Ok(Self(canonical(net)))
    }

    pub(crate) fn matches(&self, ip: IpAddr) -> bool {
        self.0.contains(&ip.to_canonical())
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The same block, as IPv4 if all of it is IPv4-mapped.
fn canonical(net: IpNet) -> IpNet {
    match (net.addr().to_canonical(), net.prefix_len().checked_sub(96)) {
        (IpAddr::V4(addr), Some(prefix)) => Ipv4Net::new(addr, prefix).map_or(net, IpNet::V4),
        _ => net,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(range: &str, ip: &str) -> bool {
        let range = IpRange::parse(range).expect("a range");
        range.matches(ip.parse().expect("an address"))
    }

    #[test]
    fn a_block_holds_its_addresses() {
        assert!(matches("10.0.0.0/8", "10.255.255.255"));
        assert!(!matches("10.0.0.0/8", "11.0.0.0"));
        assert!(matches("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!matches("2001:db8::/32", "2001:db9::"));
    }

    #[test]
    fn an_address_is_a_block_of_one() {
        assert!(matches("192.0.2.7", "192.0.2.7"));
        assert!(!matches("192.0.2.7", "192.0.2.8"));
        assert!(matches("2001:db8::7", "2001:db8::7"));
    }

    #[test]
    fn mapped_addresses_are_ipv4_on_both_sides() {
        assert!(matches("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(matches("::ffff:10.0.0.0/104", "10.1.2.3"));
        assert!(matches("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(!matches("::ffff:10.0.0.0/104", "11.1.2.3"));
        assert!(!matches("::/0", "10.1.2.3"));
        assert!(!matches("::/0", "::ffff:10.1.2.3"));
        assert!(!matches("0.0.0.0/0", "2001:db8::1"));
    }

    #[test]
    fn every_ipv4_prefix_stays_ipv4() {
        for range in ["0.0.0.0/0", "192.0.2.1/32"] {
            assert!(matches(range, "192.0.2.1"), "{range}");
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in ["10.0.0.0/33", "10.0.0", "example.com", "fe80::1%eth0", "10.0.0.0/-1"] {
            let message = IpRange::parse(text).expect_err(text);
            assert!(message.contains("is not an address or a block"), "{message}");
        }
        let message = IpRange::parse("10.0.0.1/8").expect_err("host bits");
        assert!(message.contains("`10.0.0.0/8`") && message.contains("`10.0.0.1`"), "{message}");
    }
}
