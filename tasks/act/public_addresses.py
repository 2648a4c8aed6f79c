"""Whether an IP address is a host of the public internet; keeps webhooks out of private networks.

httpx-secure refuses addresses that Python does not call global. Python calls some others global, too: multicast groups,
tunnels to any IPv4 address, and blocks that IANA has reserved since.
Source: https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")  # contains an IPv4 address, which httpx-secure checks
_SPECIAL_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_SPECIAL_4 = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4", "240.0.0.0/4")))


def is_public(_host: str, address: IPv4Address | IPv6Address, _port: int) -> bool:
    """Whether this is the address of one public host. Has the signature of an httpx-secure validator."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in block for block in _SPECIAL_4)
    if address in _NAT64:
        return True
    return address in _GLOBAL_UNICAST and not any(address in block for block in _SPECIAL_6)
