"""Ed25519 signatures of the ledger, by the ``cryptography`` package (RFC 8032)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lingula.errors import ChallengeError, MissingExtraError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer:
    """Signs with a private key.

    Attributes:
        public: The public key, 64 hexadecimal digits.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw().hex()

    def sign(self, message: str) -> str:
        """The signature of an ASCII text, hexadecimal."""
        return self._key.sign(message.encode("ascii")).hex()


def new_key(path: Path) -> Signer:
    """Make a private key, write it to a file that only its owner reads, and return its signer.

    Raises:
        MissingExtraError: If cryptography is not installed.
        FileExistsError: If the file is there.
    """
    _require()
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return Signer(key)


def read_key(path: Path) -> Signer:
    """The signer of a private key's file.

    Raises:
        ChallengeError: If the file is missing or holds no Ed25519 key.
        MissingExtraError: If cryptography is not installed.
    """
    _require()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ChallengeError(f"{path}: the ledger's key cannot be read: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ChallengeError(f"{path}: is no Ed25519 key")
    return Signer(key)


def is_signed(public: str, signature: str, message: str) -> bool:
    """Whether the owner of a public key signed a text; False for what is no key or signature."""
    _require()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), message.encode("utf-8"))
    except (ValueError, InvalidSignature):
        return False
    return True


def _require() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise MissingExtraError("A challenge's ledger", "challenge") from None
