//! Which addresses are public: what is not in a special-purpose registry of IANA (RFC 6890), seen through every way of
//! writing an IPv4 address as an IPv6 one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether anybody on the internet could reach it.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|(network, bits)| covers(u32::from(*network), u32::from(address), 32 - bits))
}

/// Of all IPv6 addresses, only 2000::/3 is given out; and in it, what is not special and stands for no special IPv4 one.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = translated(address) {
        return is_public_v4(inner);
    }
    let within = |network: &Ipv6Addr, bits: u32| {
        let (network, address) = (u128::from(*network), u128::from(address));
        network >> (128 - bits) == address >> (128 - bits)
    };
    within(&GLOBAL_UNICAST, 3) && !SPECIAL_V6.iter().any(|(network, bits)| within(network, *bits))
}

/// The IPv4 address behind NAT64 (RFC 6052), which networks without IPv4 answer with for every IPv4 host. Other embeddings
/// (mapped, compatible, 6to4, Teredo) have no use here, and are refused as they are.
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let [[w, x], [y, z]] = [high.to_be_bytes(), low.to_be_bytes()];
    ([a, b, c, d, e, f] == [0x64, 0xff9b, 0, 0, 0, 0]).then(|| Ipv4Addr::new(w, x, y, z))
}

fn covers(network: u32, address: u32, host_bits: u32) -> bool {
    network >> host_bits == address >> host_bits
}

const SPECIAL_V4: &[(Ipv4Addr, u32)] = &[
    // "This network" (RFC 791).
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    // Private use (RFC 1918).
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Shared address space of carriers (RFC 6598).
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // Loopback (RFC 1122).
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link local (RFC 3927); the metadata service of clouds.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Protocol assignments (RFC 6890).
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation (RFC 5737).
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // AS112 (RFC 7534, RFC 7535).
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    // AMT (RFC 7450), and the 6to4 relays of old (RFC 7526).
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Benchmarks (RFC 2544).
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Multicast (RFC 5771), reserved (RFC 1112) and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    // The wire server of Azure: a public address that is inside all the same.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

const GLOBAL_UNICAST: Ipv6Addr = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0);

/// What is special within 2000::/3. Outside it lie loopback, unspecified, IPv4-mapped and -compatible addresses, local
/// NAT64 (64:ff9b:1::/48), discard (100::/64), unique local (fc00::/7), link and site local (fe80::/10, fec0::/10),
/// multicast (ff00::/8) and segment routing (5f00::/16).
const SPECIAL_V6: &[(Ipv6Addr, u32)] = &[
    // Protocol assignments (RFC 2928): Teredo, benchmarks, AMT, AS112, ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation (RFC 3849, RFC 9637).
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // 6to4 (RFC 3056).
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    // AS112 (RFC 7535).
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cm_13_public_addresses() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1",
            "2a00:1450::1",
            "2001:4860:4860::8888",
            "2001:200::1",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn cm_13_addresses_that_are_not_public() {
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.0.170",
            "192.0.2.1",
            "192.31.196.1",
            "192.52.193.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "192.175.48.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            // IPv6 of its own
            "::",
            "::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2001:10::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2620:4f:8000::1",
            "4000::1",
            "1000::1",
            // IPv4 in disguise: mapped, compatible, translated, 6to4, Teredo, NAT64 well known and local, ISATAP
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:0:127.0.0.1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "2001:0:7f00:1::",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::8.8.8.8",
            "fe80::5efe:10.0.0.1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }
}
