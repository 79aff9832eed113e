"""Provide TLS on loopback, with a certificate that is trusted only if SSL_CERT_FILE names it."""

import ssl
import subprocess
from pathlib import Path


def make_certificate(folder: Path, *, name: str = "IP:127.0.0.1") -> Path:
    """A certificate for 127.0.0.1, or for another *name*, with its key, in one file."""
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-days", "1", "-subj", "/CN=127.0.0.1", "-addext", f"subjectAltName={name}"]
    key, file = folder / "key.pem", folder / "certificate.pem"
    subprocess.run([*made, *names, "-keyout", key, "-out", file], check=True, capture_output=True)
    file.write_text(file.read_text() + key.read_text())
    return file


def server_side(certificate: Path) -> ssl.SSLContext:
    """A server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
