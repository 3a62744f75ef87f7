"""Serves a review until it is told to end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from lingula.errors import InputError, MissingExtraError
from lingula.review.store import Store
from lingula.web import ALLOWED_LOOPBACK_HOSTS, is_loopback
from lingula.web.running import Address, run_server

#: Seconds that accepted requests get after SIGTERM.
_GRACE_SECONDS = 10


@dataclass(frozen=True)
class Place:
    """Where a review is served.

    Attributes:
        host: Name or address to listen on.
        port: 0 for any that is free.
        certificate: PEM file of the certificate chain, to serve over TLS.
        key: PEM file of its key; None if the certificate's file holds it.
        public_url: Under which readers reach it, where a proxy in front does TLS.
    """

    host: str = "127.0.0.1"
    port: int = 8008
    certificate: Path | None = None
    key: Path | None = None
    public_url: str | None = None

    def __post_init__(self) -> None:
        if self.public_url is not None:
            parts = _split(self.public_url)
            local = parts.scheme == "http" and is_loopback(parts.hostname or "")
            if not parts.hostname or (parts.scheme != "https" and not local):
                raise InputError(f"{self.public_url}: must be https://NAME, as readers type it")
            if parts.path.strip("/") or parts.query or parts.fragment:
                raise InputError(f"{self.public_url}: must be without a path")
        if not is_loopback(self.host) and not self.secure:
            raise InputError(
                f"{self.host} can be reached from other machines, which would read reports on the "
                "way: pass --certificate FILE --key FILE, or let a proxy do TLS and pass its "
                "address with --public-url https://NAME"
            )

    @property
    def secure(self) -> bool:
        """Whether readers reach it over TLS."""
        if self.public_url is not None:
            return _split(self.public_url).scheme == "https"
        return self.certificate is not None

    @property
    def hosts(self) -> frozenset[str] | None:
        """Names under which it may be asked; None for any."""
        named = _split(self.public_url).hostname if self.public_url is not None else None
        own = ALLOWED_LOOPBACK_HOSTS if is_loopback(self.host) else frozenset({self.host})
        if named is not None:
            return own | {named}
        return own if is_loopback(self.host) else None


def serve(store: Store, place: Place, started: Callable[[str], None]) -> None:
    """Serve a review until SIGTERM or SIGINT; accepted requests are answered first.

    Args:
        store: Of the review.
        place: Where.
        started: Called with the address that readers type, once it answers.

    Raises:
        InputError: If the address cannot be listened on.
        MissingExtraError: If the packages of the extra ``review`` are not installed.
    """
    try:
        import httptools  # noqa: F401 - what the protocol stands on
        import uvicorn  # noqa: F401
    except ImportError:
        raise MissingExtraError("lingula review", "review") from None
    from lingula.review.web.app import create_app

    app = create_app(store, hosts=place.hosts, secure=place.secure, site_url=place.public_url)
    run_server(
        app,
        Address(place.host, place.port, place.certificate, place.key),
        nullcontext(),
        lambda url: started(place.public_url or url),
        grace_seconds=_GRACE_SECONDS,
    )


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise InputError(f"{url}: is no address; write https://NAME") from None
