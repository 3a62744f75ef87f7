"""Where a server may stand: reports are patient data, so on this machine or in a private network.

The name is looked up once and the connection goes to the address that was checked, so that a name
which answers differently the next time leads nowhere else.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from lingula.errors import InputError, NetworkError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Addresses that no router of the internet passes on: this machine (RFC 1122, RFC 4291), private
#: use (RFC 1918) and unique local addresses (RFC 4193). Link-local ones are left out: cloud
#: providers put services there.
PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("::1/128", "fc00::/7"),
    )
)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Endpoint:
    """A server, by its name and by the address that was checked.

    Attributes:
        scheme: "http" or "https".
        host: Its name, as given.
        port: Its port.
        path: What stands before ``/chat/completions``, such as "/v1".
        address: The address that the connection goes to.
    """

    scheme: str
    host: str
    port: int
    path: str
    address: str

    @property
    def root(self) -> str:
        """Scheme, address and port, as a client connects to them."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def base(self) -> str:
        """The same with the path."""
        return self.root + self.path

    @property
    def named(self) -> str:
        """Host and port as the user knows them; what the ``Host`` header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def find_endpoint(url: str, *, allow_remote: bool = False) -> Endpoint:
    """The server behind a URL; its name is looked up now.

    Args:
        url: ``http://localhost:8000``, with or without the path (``/v1`` if not given).
        allow_remote: Whether it may stand outside the private networks.

    Raises:
        InputError: If it is no http(s) URL, holds a user or a query, or no such host is known.
        NetworkError: If one of its addresses is no private one, and that is not allowed.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise InputError(f"the endpoint is no URL: {error}") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise InputError(
            f"the endpoint {parts.netloc or url!r} is no URL of a server: give it as "
            "http://localhost:8000"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise InputError(
            "the endpoint holds a user, a query or a fragment: give scheme, host, port and path; a "
            "key comes from the environment variable LINGULA_ENDPOINT_KEY"
        )
    port = port or _PORTS[parts.scheme]
    found = _addresses(parts.hostname, port)
    outside = [address for address in found if not is_private(address)]
    if outside and not allow_remote:
        raise NetworkError(
            f"the endpoint {parts.hostname} stands at {outside[0]}, which is no private address: "
            "reports are patient data and would leave the house; --allow-remote (in Python "
            "allow_remote=True) sends them there all the same"
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    return Endpoint(parts.scheme, parts.hostname, port, path, str(found[0]))


def is_private(address: Address) -> bool:
    """Whether an address is this machine's or of a private network."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address.version == block.version and address in block for block in PRIVATE)


def _addresses(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"the endpoint's host {host!r} is not known: {reason}") from None
    # A scope, as in fe80::1%eth0, is no part of the address.
    texts = [str(entry[4][0]).partition("%")[0] for entry in found]
    return [ipaddress.ip_address(text) for text in dict.fromkeys(texts)]
