"""Tokens: who may ask. A file holds their names and SHA-256 digests, never a token itself.

A token is 256 random bits, so that its plain digest cannot be turned back by guessing; a slow
password hash would add nothing but time to each request.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lingula.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LINE = re.compile(r"([A-Za-z0-9._-]{1,64}) +sha256:([0-9a-f]{64})")
#: Longer headers are no tokens of ours, and are not digested.
_LONGEST = 256


@dataclass(frozen=True)
class Tokens:
    """Digests of tokens by the names of their holders.

    Attributes:
        digests: Name -> SHA-256 of the token, 32 bytes.
    """

    digests: Mapping[str, bytes]

    @classmethod
    def read(cls, path: Path) -> Tokens:
        """The tokens of a file: lines of ``NAME sha256:DIGEST``; empty ones and # lines are let be.

        Raises:
            InputError: If the file cannot be read, a line is another, or there is no token.
        """
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is no UTF-8 text"
            raise InputError(f"{path}: the token file cannot be read: {reason}") from None
        digests: dict[str, bytes] = {}
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith("#"):
                continue
            found = _LINE.fullmatch(line.strip())
            if found is None:
                raise InputError(
                    f"{path}, line {number}: is no NAME sha256:DIGEST; make tokens with "
                    f"lingula serve --add-token NAME --token-file {path}"
                )
            digests[found[1]] = bytes.fromhex(found[2])
        if not digests:
            raise InputError(
                f"{path}: holds no token; make one with lingula serve --add-token NAME "
                f"--token-file {path}"
            )
        return cls(digests)

    def holder(self, authorization: str) -> str | None:
        """Whose token an ``Authorization`` header holds, or None; takes as long for each.

        Args:
            authorization: ``Bearer TOKEN``.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST:
            return None
        digest = hashlib.sha256(token.strip().encode("utf-8", "replace")).digest()
        found = None
        for name, known in self.digests.items():
            if hmac.compare_digest(digest, known):
                found = name
        return found


def add_token(path: Path, name: str) -> str:
    """Make a token, keep its digest in a file (mode 0600 if new), and give the token: only here.

    Raises:
        InputError: If the name cannot be one, or is in the file already, or the file cannot be
            written.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} cannot name a token: up to 64 letters, digits, '.', '_', '-'")
    if path.exists() and path.stat().st_size and name in Tokens.read(path).digests:
        raise InputError(f"{path}: has a token {name!r} already; remove its line first")
    token = secrets.token_urlsafe(32)
    line = f"{name} sha256:{hashlib.sha256(token.encode()).hexdigest()}\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(line)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    return token
