"""Which address a server may listen on."""

from __future__ import annotations

import ipaddress

from lingula.errors import InputError

#: Names under which a server on loopback may be asked. A page of another site whose name was made
#: to point here (DNS rebinding) asks under its own name, and is refused.
ALLOWED_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address or name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_safe_address(host: str, *, has_tokens: bool, insecure: bool) -> None:
    """Refuse to serve patients' texts to a network in which anybody may ask.

    Raises:
        InputError: If the address is not loopback, there is no token, and that was not asked for.
    """
    if is_loopback(host) or has_tokens or insecure:
        return
    raise InputError(
        f"{host} can be reached from other machines, and no token is asked for: make one with "
        "lingula serve --add-token NAME --token-file FILE and pass --token-file FILE, or spell out "
        "--insecure-no-token"
    )
