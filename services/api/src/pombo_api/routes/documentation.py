"""The description of the API: as an OpenAPI document, and as a page that loads nothing from elsewhere."""

from importlib.resources import files
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from pombo_api.openapi.operation import Operation, described

AnyRequest = Request[Any, Any, Any]

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
ASSETS = {"docs.js": "text/javascript", "docs.css": "text/css"}


@get("/openapi.json", opt=described(Operation(tag="service", answer=dict[str, Any], reads=False)))
async def document(request: AnyRequest) -> Response[bytes]:
    """Answer this description."""
    return Response(content=request.app.state.document, media_type="application/json")


@get("/asyncapi.json", opt=described(Operation(tag="service", answer=dict[str, Any], reads=False)))
async def queue_document(request: AnyRequest) -> Response[bytes]:
    """Answer the description of the commands over AMQP (AsyncAPI 3)."""
    return Response(content=request.app.state.queue_document, media_type="application/json")


@get("/docs", opt=described(Operation(tag="service", answer=str, reads=False)))
async def page() -> Response[bytes]:
    """Answer a page that shows this description, and can send its requests."""
    return _file("docs.html", "text/html")


@get("/docs/{name:str}", opt=described(Operation(tag="service", answer=str, reads=False, refusals=(404,))))
async def asset(name: FromPath[str]) -> Response[bytes]:
    """Answer a script or a style sheet of the page."""
    if name not in ASSETS:
        raise NotFoundException
    return _file(name, ASSETS[name])


def _file(name: str, kind: str) -> Response[bytes]:
    content = files("pombo_api").joinpath("assets", name).read_bytes()
    return Response(content=content, media_type=kind, headers={"Content-Security-Policy": POLICY})
