"""A page that names a version of WhatsApp Web, as WhatsApp's own does."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class VersionPage:
    """Listens at a loopback port, in a thread; a context manager.

    Attributes:
        revision: the last part of the version that it names.
        asked: how often it was.
    """

    def __init__(self) -> None:
        self.revision = 1_000_000_001
        self.asked = 0
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page.asked += 1
                body = f'self.x={{"client_revision":{page.revision},"y":1}}'.encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}/sw.js"

    @property
    def version(self) -> str:
        """What sessions give themselves for that have asked it."""
        return f"2.3000.{self.revision}"

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
