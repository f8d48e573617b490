"""No test reaches beyond this machine."""

import socket
import threading

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.7", "2001:db8::1"])
def test_an_outside_address_is_refused(address: str) -> None:
    """A connection to anywhere else fails at once, in the test's own process and before a packet is sent.

    The addresses are reserved for documentation, so nothing could ever answer there. The refusal comes as a
    warning too, and which of the two is raised depends on warnings being errors.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as outside, pytest.raises(Exception, match="A test tried to use socket"):
        outside.connect((address, 80))


def test_loopback_is_open() -> None:
    """A test may talk to a server of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            server.accept()[0].close()

        answering = threading.Thread(target=answer)
        answering.start()
        with socket.create_connection(server.getsockname(), timeout=5) as client:
            assert client.recv(1) == b""
        answering.join()
