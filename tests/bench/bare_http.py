"""What Pombo's reads are measured against: Litestar and uvicorn, the same key check, and bytes that lie ready.

    python -m tests.bench.bare_http BODIES KEY

BODIES is a JSON file: `{"states": {name: text}, "list": text}`. It prints where it listens.
"""

import asyncio
import hmac
import sys
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from litestar import Litestar, Response, get
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from pombo.serving import address_of, bind, serving, until_stopped


class Bodies(msgspec.Struct):
    """What is answered.

    Attributes:
        states: answers of connectionState by instance name.
        list: answer of fetchInstances.
    """

    states: dict[str, str]
    list: str


def create_app(bodies: Bodies, key: str) -> Litestar:
    """Build the application."""
    wanted = key.encode()
    states = {name: body.encode() for name, body in bodies.states.items()}
    listed = bodies.list.encode()

    async def check_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        if not hmac.compare_digest(connection.headers.get("apikey", "").encode("latin-1"), wanted):
            raise NotAuthorizedException

    @get("/instance/connectionState/{instance:str}", guards=[check_key])
    async def connection_state(instance: FromPath[str]) -> Response[bytes]:
        return Response(states[instance], media_type="application/json")

    @get("/instance/fetchInstances", guards=[check_key])
    async def fetch_instances() -> Response[bytes]:
        return Response(listed, media_type="application/json")

    return Litestar([connection_state, fetch_instances], openapi_config=None, logging_config=None)


async def serve(bodies: Path, key: str) -> None:
    """Serve as Pombo does, on a port of its own choice, until a signal."""
    listener = bind("127.0.0.1", 0)
    app = create_app(msgspec.json.decode(bodies.read_bytes(), type=Bodies), key)
    async with serving(app, listener):
        sys.stdout.write(f"listens at {address_of(listener)}\n")
        sys.stdout.flush()
        await until_stopped()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1]), sys.argv[2]))
