"""Webhooks reach only hosts of the public internet."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tasks.act.public_addresses import is_public

NOT_PUBLIC = {
    "this machine": ["127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "::127.0.0.1"],
    "private": ["10.0.0.1", "172.16.0.1", "192.168.1.1", "fc00::1", "fec0::1", "100.64.0.1", "::ffff:10.0.0.1"],
    "link": ["169.254.169.254", "fe80::1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "192.88.99.1"],
    "Teredo": ["2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "groups": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
    "set aside": ["192.0.0.8", "198.18.0.1", "240.0.0.1", "255.255.255.255", "2001:db8::1", "3fff::1", "5f00::1"],
    "local NAT64": ["64:ff9b:1::7f00:1"],
}


@pytest.mark.parametrize("text", [text for texts in NOT_PUBLIC.values() for text in texts])
def test_what_is_no_public_host(text: str) -> None:
    assert not is_public("host.example", ip_address(text), 443)


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001:82a::200e", "::ffff:1.1.1.1"]
)
def test_what_is_a_public_host(text: str) -> None:
    assert is_public("host.example", ip_address(text), 443)
