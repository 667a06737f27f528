"""The gateway's own secret: seals small things in its database, and opens the relay's messages."""

import hmac
import os
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from usmed_client.errors import ConfigError, StoreError

_SIZE: Final = 32
_NONCE: Final = 12


class GatewayKeys:
    """Everything that follows from one random secret in a file of mode 0600.

    Raises
    ------
    ConfigError
        The file is there and is no such secret.
    """

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(".partial")
            partial.touch(mode=0o600)
            partial.write_bytes(os.urandom(_SIZE))
            partial.replace(file)
        self._secret = file.read_bytes()
        if len(self._secret) != _SIZE:
            raise ConfigError("gateway_key", file.name)

    @cached_property
    def box(self) -> X25519PrivateKey:
        """The key that messages through the relay are sealed to."""
        return X25519PrivateKey.from_private_bytes(self._derived("box"))

    def seal(self, data: bytes, purpose: str) -> bytes:
        """Encrypt a small value for our own database."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, data, purpose.encode())

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """The value again.

        Raises
        ------
        StoreError
            It was sealed with another secret or for another purpose.
        """
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
        except InvalidTag:
            raise StoreError("sealed_elsewhere", purpose) from None

    def fingerprint(self, text: str) -> str:
        """A keyed hash: equal for equal texts, and telling nothing without the secret."""
        return hmac.new(self._derived("fingerprint"), text.encode(), sha256).hexdigest()

    @cached_property
    def _aead(self) -> AESGCM:
        return AESGCM(self._derived("seal"))

    def _derived(self, purpose: str) -> bytes:
        info = f"usmed gateway|{purpose}".encode()
        return HKDF(SHA256(), _SIZE, salt=None, info=info).derive(self._secret)
