"""The hosts that are this machine itself, the only ones that may get a secret without TLS."""

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Return True if *host*, a name or an IP address without brackets, never leaves this machine."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
