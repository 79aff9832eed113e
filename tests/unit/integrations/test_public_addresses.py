"""Which addresses anybody may be asked at."""

import ipaddress

import pytest

from bot.integrations.outbound.call import is_public

#: Addresses of IANA's registries that are not globally reachable, and the clouds' own.
SPECIAL = [
    *("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255"),
    *("127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "172.16.0.0", "172.31.255.255"),
    *("192.0.0.0", "192.0.0.8", "192.0.0.11", "192.0.0.170", "192.0.0.192", "192.0.0.255", "192.0.2.1"),
    *("192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7"),
    *("203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "64:ff9b:1::1", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "100::1", "100:0:0:1::1"),
    *("2001::1", "2001:2::1", "2001:10::1", "2001:1ff:ffff::", "2001:db8::1", "3fff::1", "3fff:fff::1"),
    *("5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff02::1"),
    *("4000::1", "8000::1", "c000::1", "1::1"),
]
HIDDEN = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.0.0.192", "168.63.129.16"]
PUBLIC = [
    *("8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.32.0.1", "192.0.1.1"),
    *("198.17.255.255", "198.20.0.1", "223.255.255.255", "169.253.255.255", "168.63.129.17"),
    *(
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2001:200::1",
        "2400:cb00::1",
        "2a00:1450::1",
        "3ffe::1",
    ),
]


def embedded(inner: str) -> dict[str, str]:
    """The forms in which an IPv6 address has an IPv4 address in it."""
    four = ipaddress.IPv4Address(inner)
    high, low = int(four) >> 16, int(four) & 0xFFFF
    return {
        "compatible": f"::{inner}",
        "mapped": f"::ffff:{inner}",
        "translated": f"::ffff:0:{inner}",
        "NAT64": f"64:ff9b::{inner}",
        "6to4": f"2002:{high:x}:{low:x}::1",
        "ISATAP": f"2606:4700::5efe:{high:x}:{low:x}",
        "ISATAP, global": f"2606:4700::200:5efe:{high:x}:{low:x}",
    }


@pytest.mark.parametrize("written", SPECIAL)
def test_special_addresses_are_not_public(written: str) -> None:
    """No address of a special-purpose registry, nor a cloud's own, is asked."""
    assert not is_public(ipaddress.ip_address(written))


@pytest.mark.parametrize("written", PUBLIC)
def test_the_addresses_beside_them_are_public(written: str) -> None:
    """Addresses of hosts on the internet may be asked, also right beside a special network."""
    assert is_public(ipaddress.ip_address(written))


@pytest.mark.parametrize("form", embedded("8.8.8.8"))
def test_an_embedded_address_counts_as_itself(form: str) -> None:
    """An IPv4 address inside an IPv6 one is as public as it is by itself."""
    assert is_public(ipaddress.ip_address(embedded("8.8.8.8")[form]))
    for inner in HIDDEN:
        assert not is_public(ipaddress.ip_address(embedded(inner)[form])), inner
