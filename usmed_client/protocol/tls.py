"""The client's side of mutual TLS 1.3."""

import ssl
from pathlib import Path


def client_context(certificate: Path, private_key: Path, authority: Path) -> ssl.SSLContext:
    """Shows our certificate and trusts the federation's authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, private_key)
    context.load_verify_locations(authority)
    return context
