from __future__ import annotations

import datetime as dt
import socket
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.messages.addresses import Target
from app.messages.posting import Poster, PostFailed
from tests.messages.receiver import Request, receiving, says, status

BODY = b'{"id":"1"}'


def _post(
    port: int, timeout_s: float = 5, *, host: str = "127.0.0.1", secure: bool = False, poster: Poster | None = None
) -> int:
    target = Target(secure, host, port, "/hook?a=b")
    return (poster or Poster(timeout_s)).post(target, "127.0.0.1", {"Placement-Message-Id": "m"}, BODY)


def test_a_body_arrives_whole_with_its_headers() -> None:
    """One POST to the path, with the host by its name, and nothing of a proxy or cookie."""
    with receiving() as receiver:
        assert _post(receiver.port, host="cases.example.org") == 204
    (request,) = receiver.got
    assert (request.head[0], request.body) == ("POST /hook?a=b HTTP/1.1", BODY)
    assert request.headers["host"] == f"cases.example.org:{receiver.port}"
    assert set(request.headers) == {"host", "content-length", "connection", "placement-message-id"}


@pytest.mark.parametrize("code", [200, 301, 307, 308, 404, 410, 500, 503])
def test_the_status_is_told_and_no_redirect_followed(code: int) -> None:
    """Where a redirect leads is never asked."""
    with receiving() as inside, receiving() as receiver:
        receiver.behave = says(f"HTTP/1.1 {code} X\r\nLocation: {inside.url}\r\nContent-Length: 0\r\n\r\n".encode())
        assert _post(receiver.port) == code
    assert (len(receiver.got), len(inside.got)) == (1, 0)


@pytest.mark.parametrize(
    "answer",
    [b"", b"\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 2000 X\r\n\r\n", b"<html>\r\n\r\n", b"HTTP/1.1 99 X\r\n\r\n"],
)
def test_an_answer_that_is_none_is_a_failure(answer: bytes) -> None:
    """Nothing is read into it."""
    with receiving(says(answer)) as receiver, pytest.raises(PostFailed, match="reply"):
        _post(receiver.port)


def test_an_endless_answer_is_read_no_further_than_its_limit() -> None:
    """A head that never ends is given up after some kilobytes, long before its time is over."""
    sent = 0

    def endless(connection: socket.socket, _request: Request) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while sent < 100_000_000:
            connection.sendall(b"X-More: " + b"y" * 8_000 + b"\r\n")
            sent += 8_000

    begun = time.monotonic()
    with receiving(endless) as receiver:
        assert _post(receiver.port, 30) == 200
    assert time.monotonic() - begun < 20
    assert sent < 50_000_000


def test_a_dripping_answer_ends_in_time() -> None:
    """A byte now and then does not keep anybody waiting: the time is for the whole."""

    def dripping(connection: socket.socket, _request: Request) -> None:
        for _ in range(100):
            connection.sendall(b"H")
            time.sleep(0.05)

    begun = time.monotonic()
    with receiving(dripping) as receiver, pytest.raises(PostFailed, match="timeout"):
        _post(receiver.port, 0.4)
    assert time.monotonic() - begun < 4


def test_nobody_there_is_a_failure() -> None:
    """Refused at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(PostFailed, match="connection"):
        _post(port)


def test_a_certificate_must_be_trusted_and_name_the_host(tmp_path: Path) -> None:
    """The connection goes to a number; the certificate is still asked for the name."""
    trusted = _certificate(tmp_path, "cases.example.org")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(trusted)
    knowing = ssl.create_default_context(cafile=str(trusted))
    with receiving(status(200), lambda plain: serving.wrap_socket(plain, server_side=True)) as receiver:
        assert _post(receiver.port, host="cases.example.org", secure=True, poster=Poster(5, knowing)) == 200
        for host, poster in (("other.example.org", Poster(5, knowing)), ("cases.example.org", Poster(5))):
            with pytest.raises(PostFailed, match="tls"):
                _post(receiver.port, host=host, secure=True, poster=poster)
    assert len(receiver.got) == 1


def _certificate(folder: Path, host: str) -> Path:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    how = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = folder / "certificate.pem"
    path.write_bytes(key.private_bytes(*how) + made.public_bytes(serialization.Encoding.PEM))
    return path
