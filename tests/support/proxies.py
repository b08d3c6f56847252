"""Real proxies (pproxy) at loopback ports, which keep who came through them and by which port they went on."""

import asyncio
import datetime as dt
import functools
import ipaddress
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

with warnings.catch_warnings():
    # Its patterns hold escapes that Python warns of.
    warnings.simplefilter("ignore")
    from pproxy.proto import HTTP, Socks4, Socks5
    from pproxy.server import ProxyDirect, stream_handler

PROTOCOLS = {"http": HTTP, "https": HTTP, "socks4": Socks4, "socks5": Socks5}
ALWAYS_ASK = -1
"""pproxy remembers an address that has logged in; every connection is to show its credentials."""


class Credentials(NamedTuple):
    """What a proxy wants; SOCKS 4 knows a name only."""

    username: str
    password: str


class Way(ProxyDirect):  # type: ignore[misc] # it has no types
    """Goes on to the target, and keeps from which port."""

    def __init__(self, ports: dict[int, str]) -> None:
        super().__init__()
        self._ports = ports

    async def open_connection(self, host: str, port: int, *more: Any) -> tuple[Any, Any]:  # noqa: ANN401
        """Connect to the target."""
        reader, writer = await super().open_connection(host, port, *more)
        self._ports[writer.get_extra_info("sockname")[1]] = f"{host}:{port}"
        return reader, writer


class LoggingProxy:
    """One proxy; an async context manager.

    Args:
        scheme: http, https, socks4 or socks5.
        credentials: which it wants; None: none.
        certificate: for https, a PEM file with key and certificate.

    Attributes:
        ports: the ports from which it connected, and the targets.
        port: where it listens.
    """

    def __init__(self, scheme: str, credentials: Credentials | None = None, certificate: Path | None = None) -> None:
        self.scheme = scheme
        self.credentials = credentials
        self.ports: dict[int, str] = {}
        self.port = 0
        self._certificate = certificate
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def fields(self) -> dict[str, str]:
        """Its description, as `proxy/set` takes it."""
        username, password = self.credentials or ("", "")
        return {
            "host": "127.0.0.1",
            "port": str(self.port),
            "protocol": self.scheme,
            "username": username,
            "password": password,
        }

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        tls = None
        if self._certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self._certificate)
        self._server = await asyncio.start_server(self._serve(), "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, with all connections."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.close()

    def _serve(self) -> Callable[..., Any]:
        users = []
        if self.credentials is not None:
            name_only = self.scheme == "socks4"
            users = [(self.credentials.username if name_only else ":".join(self.credentials)).encode()]
        handle = functools.partial(
            stream_handler,
            unix=False,
            lbind=None,
            protos=[PROTOCOLS[self.scheme]("")],
            rserver=[Way(self.ports)],
            cipher=None,
            sslserver=None,
            users=users,
            authtime=ALWAYS_ASK,
        )

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.add(writer)
            await handle(reader, writer)

        return serve


def make_certificate(folder: Path) -> Path:
    """Write a self-signed certificate for 127.0.0.1 with its key into a folder, and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "proxy of the tests")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "proxy.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
