"""The encrypted stream: chunks of 1 MiB under AES-256-GCM, each readable on its own.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, 2015): the nonce is a 7-byte
prefix, the chunk's number and a flag of the last one, so that chunks can't be reordered, left out
or cut off at the end unnoticed. The key comes from X25519 and HKDF-SHA256 (RFC 7748, RFC 5869).
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from usmed_client.errors import IntegrityError

CHUNK_SIZE: Final = 1 << 20
"""Bytes of plain data in every chunk but the last."""
TAG_SIZE: Final = 16
_PREFIX: Final = 7


def new_private_key() -> X25519PrivateKey:
    """A one-time key pair."""
    return X25519PrivateKey.generate()


def public_hex(key: X25519PrivateKey) -> str:
    """The public half, as messages carry it."""
    return key.public_key().public_bytes_raw().hex()


def agree(own: X25519PrivateKey, other_hex: str) -> bytes:
    """The secret of two keys.

    Raises
    ------
    IntegrityError
        The other key is none, or one that gives every partner the same secret (RFC 7748, 6.1).
    """
    try:
        return own.exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(other_hex)))
    except ValueError:
        raise IntegrityError("key_wrong") from None


def chunks_of(size: int) -> int:
    """How many chunks a stream of ``size`` bytes has; an empty one still has its last."""
    return max(1, -(-size // CHUNK_SIZE))


class ChunkCipher:
    """Seals or opens the chunks of one stream.

    Parameters
    ----------
    secret
        Shared by both sides, at least 32 bytes of it secret.
    context
        Names the stream; the same secret in another context gives other keys.
    """

    def __init__(self, secret: bytes, context: str) -> None:
        material = HKDF(
            SHA256(), 32 + _PREFIX, salt=None, info=b"usmed stream 1|" + context.encode()
        )
        derived = material.derive(secret)
        self._aead = AESGCM(derived[:32])
        self._prefix = derived[32:]

    @classmethod
    def agreed(
        cls, own: X25519PrivateKey, other_hex: str, context: str, *, sender: bool
    ) -> "ChunkCipher":
        """The cipher of two one-time keys; both sides come to the same one.

        Raises
        ------
        IntegrityError
            The other key is none that a secret could be agreed with.
        """
        other = bytes.fromhex(other_hex)
        mine = own.public_key().public_bytes_raw()
        shared = agree(own, other_hex)
        pair = mine + other if sender else other + mine
        return cls(shared + pair, context)

    def seal(self, number: int, data: bytes | memoryview, *, last: bool) -> bytes:
        """Chunk ``number`` (from 0), ``TAG_SIZE`` longer than ``data``."""
        return self._aead.encrypt(self._nonce(number, last=last), bytes(data), None)

    def open(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        """The data of a chunk.

        Raises
        ------
        IntegrityError
            It was changed, is another chunk, or comes of another stream.
        """
        try:
            return self._aead.decrypt(self._nonce(number, last=last), sealed, None)
        except InvalidTag:
            raise IntegrityError("chunk_changed", f"chunk {number}") from None

    def _nonce(self, number: int, *, last: bool) -> bytes:
        return self._prefix + number.to_bytes(4, "big") + bytes([last])
