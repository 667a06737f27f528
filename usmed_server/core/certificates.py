"""A small certificate authority: enough for one federation, for the demo and for tests.

Real federations may bring certificates of their own; what is read from them is the common name
(who it is) and the organisational unit (``gateway``, ``directory``, ``workstation``).
"""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Role = Literal["gateway", "directory", "workstation"]
_AUTHORITY_DAYS: Final = 3650
_DAYS: Final = 90
_GRACE: Final = timedelta(minutes=5)
"""Clocks of hospitals differ a little."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is on the other side of a connection, by its certificate."""

    name: str
    role: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Credential:
    """Files of one certificate: PEM certificate, PEM key, PEM of the authority."""

    certificate: Path
    private_key: Path
    authority: Path


class Authority:
    """Signs certificates; its key stays in one folder with mode 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate_file = folder / "authority.pem"
        self._key_file = folder / "authority.key"
        if not self.certificate_file.is_file():
            self._create()
        self._certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        key = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is no EC key")
        self._key = key

    def issue(
        self,
        name: str,
        role: Role,
        hosts: tuple[str, ...] = ("localhost", "127.0.0.1"),
        lifetime: timedelta = timedelta(days=_DAYS),
        start: datetime | None = None,
    ) -> Credential:
        """A new key and certificate ``name.pem``, ``name.key`` in the authority's folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            (
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, role),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            )
        )
        begin = start or datetime.now(UTC) - _GRACE
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + lifetime)
            .add_extension(
                x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .add_extension(
                x509.ExtendedKeyUsage(
                    [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
                ),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        file, key_file = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        _write_key(key_file, key)
        return Credential(file, key_file, self.certificate_file)

    def _create(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name((x509.NameAttribute(NameOID.COMMON_NAME, "USMED authority"),))
        begin = datetime.now(UTC) - _GRACE
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=_AUTHORITY_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True, key_cert_sign=True, crl_sign=True,
                    content_commitment=False, key_encipherment=False, data_encipherment=False,
                    key_agreement=False, encipher_only=False, decipher_only=False,
                ),
                critical=True,
            )
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        _write_key(self._key_file, key)
        self.certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def server_context(credential: Credential) -> ssl.SSLContext:
    """TLS 1.3 that asks every client for a certificate of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(credential.certificate, credential.private_key)
    context.load_verify_locations(credential.authority)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def peer_of(der: bytes) -> Peer:
    """Who a certificate, already verified by TLS, belongs to."""
    certificate = x509.load_der_x509_certificate(der)
    return Peer(
        _attribute(certificate, NameOID.COMMON_NAME),
        _attribute(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME),
        certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
