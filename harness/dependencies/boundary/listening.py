"""A port on 127.0.0.1 that stays ours while nobody listens on it, so that connections can really be refused."""

import socket

HOST = "127.0.0.1"


class Port:
    """A free port, held by a bound socket that never listens: until then the kernel refuses connections to it."""

    def __init__(self) -> None:
        self._holder = _bound(0)
        self.number: int = self._holder.getsockname()[1]

    def socket(self) -> socket.socket:
        """A socket to listen with; whoever takes it closes it, and connections are refused again."""
        return _bound(self.number)

    def close(self) -> None:
        """Give the port back."""
        self._holder.close()


def _bound(port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Lets holder and listener share the port; others of the same user would have to ask for the same.
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind((HOST, port))
    return one
