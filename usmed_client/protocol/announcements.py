"""How a site tells the others where it is, signed so that the directory can't put another there.

The announcement carries the site's TLS certificate, which the federation's authority issued, and
is signed with the certificate's key (ECDSA P-256, SHA-256).
"""

from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import Field

from usmed_client.errors import ConfigError, RefusedError
from usmed_client.protocol.message import Message


class Announcement(Message):
    """Where a site is and how to seal messages to it.

    Attributes
    ----------
    url
        Base address of its gateway; empty for a hospital that accepts no inbound connections.
    box_key
        X25519 public key, hexadecimal, for messages through the relay.
    """

    site: str = Field(min_length=1, max_length=64)
    name: str = ""
    url: str = ""
    box_key: str = Field(pattern="^[0-9a-f]{64}$")
    issued_at: datetime


class SignedAnnouncement(Message):
    """An announcement with the proof of who made it."""

    announcement: Announcement
    certificate: str
    signature: str

    def verified(self, authority: x509.Certificate) -> Announcement:
        """The announcement.

        Raises
        ------
        RefusedError
            The certificate is not the authority's, has expired, is no gateway's, names another
            site, or did not sign this.
        """
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate.encode())
            certificate.verify_directly_issued_by(authority)
            _ec_key(certificate).verify(
                bytes.fromhex(self.signature), _signed(self.announcement), ec.ECDSA(hashes.SHA256())
            )
        except (ValueError, TypeError, InvalidSignature) as error:
            raise RefusedError("announcement_forged", type(error).__name__) from error
        if (
            not certificate.not_valid_before_utc
            <= datetime.now(UTC)
            <= certificate.not_valid_after_utc
        ):
            raise RefusedError("certificate_expired", self.announcement.site)
        if (
            _attribute(certificate, NameOID.COMMON_NAME) != self.announcement.site
            or _attribute(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME) != "gateway"
        ):
            raise RefusedError("announcement_forged", "another site's name")
        return self.announcement


def sign(announcement: Announcement, certificate: bytes, private_key: bytes) -> SignedAnnouncement:
    """Sign with the site's own certificate and key (PEM).

    Raises
    ------
    ConfigError
        The key is no EC key.
    """
    key = serialization.load_pem_private_key(private_key, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigError("private_key", "an EC key is needed")
    signature = key.sign(_signed(announcement), ec.ECDSA(hashes.SHA256()))
    return SignedAnnouncement(
        announcement=announcement, certificate=certificate.decode(), signature=signature.hex()
    )


def _signed(announcement: Announcement) -> bytes:
    return b"usmed announcement 1|" + announcement.model_dump_json().encode()


def _ec_key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("no EC key")
    return key


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
