"""Every route in both dialects, recorded: what clients see changes only on purpose.

After a change that is meant, POMBO_RECORD_GOLDEN=1 writes the files anew; their difference is what is reviewed.
"""

import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from pombo_api.openapi.operation import OPERATION
from pombo_common.config import Config
from tests.contract.api.golden_session import recorded
from tests.contract.api.real import GLOBAL_KEY, Real, running

pytestmark = pytest.mark.asyncio

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = Path(str(files("pombo_api").joinpath("openapi", "examples.json")))
RECORDING = bool(os.environ.get("POMBO_RECORD_GOLDEN"))
CONFIG = Config(api_key=GLOBAL_KEY, connect_seconds=5.0, rabbitmq_uri="amqp://127.0.0.1:1")
"""RabbitMQ can be set; that no broker answers is the deliveries' affair."""

DIALECTS = {"seed": "", "v2": "/v2"}


def written(value: object) -> bytes:
    """Return JSON as the files have it: one member a line, in the order in which it was answered."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def kept(name: str) -> list[dict[str, Any]]:
    exchanges: list[dict[str, Any]] = msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes())
    return exchanges


@pytest.mark.parametrize("name", DIALECTS)
async def test_the_session_answers_what_was_recorded(tmp_path: Path, name: str) -> None:
    async with running(tmp_path, CONFIG) as real:
        exchanges = await recorded(real, DIALECTS[name])
    if RECORDING:
        (GOLDEN / f"{name}.json").write_bytes(written(exchanges))
    for exchange, wanted in zip(exchanges, kept(name), strict=True):
        assert written(exchange).decode() == written(wanted).decode()


async def test_the_root_speaks_v2_when_it_is_told_to(tmp_path: Path) -> None:
    async with running(tmp_path, msgspec.structs.replace(CONFIG, response_dialect="v2")) as real:
        exchanges = await recorded(real, "")
    for exchange, wanted in zip(exchanges, kept("v2"), strict=True):
        assert (exchange["status"], written(exchange["body"])) == (
            wanted["status"],
            written(wanted["body"]).replace(b"Cannot GET /v2", b"Cannot GET "),
        )


async def test_the_examples_of_the_documentation_came_out_like_this() -> None:
    examples = [
        {"route": each["route"], "status": each["status"]}
        | ({"sent": each["sent"]} if "sent" in each else {})
        | {"body": each["body"]}
        for each in _first_of_each(kept("seed") + kept("v2"))
    ]
    if RECORDING:
        EXAMPLES.write_bytes(written(examples))
    assert EXAMPLES.read_bytes() == written(examples)


@pytest.mark.parametrize("name", DIALECTS)
async def test_every_answer_fits_its_schema(tmp_path: Path, name: str) -> None:
    async with running(tmp_path) as real:
        for each in kept(name):
            validator = schema_of(real, each["route"], each["status"])
            problems = [str(problem) for problem in validator.iter_errors(each["body"])]
            assert problems == [], (each["request"], each["status"])


async def test_the_session_visits_every_route(tmp_path: Path) -> None:
    visited = {each["route"] for name in DIALECTS for each in kept(name)}
    async with running(tmp_path) as real:
        documented = {f"{method} {path}" for path, methods in real.document["paths"].items() for method in methods}
        files = {"get /docs", "get /docs/{name}", "get /openapi.json", "get /asyncapi.json"}
        assert documented - visited == files | {"get /health/live", "get /health/ready"}
        routed = {
            (route.path_format, method)
            for route in real.app.routes
            for handler in getattr(route, "route_handlers", [])
            if OPERATION in handler.opt
            for method in handler.http_methods
        }
        assert {f"{method.lower()} {path}" for path, method in routed} == documented


def schema_of(real: Real, route: str, status: int) -> jsonschema_rs.Validator:
    """Return what checks the body of one answer."""
    method, _, path = route.partition(" ")
    content = real.document["paths"][path][method]["responses"][str(status)]["content"]
    schema = content["application/json"]["schema"] | {"components": real.document["components"]}
    return jsonschema_rs.validator_for(schema)


def _first_of_each(exchanges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first exchange of each route and status; of a find, the first that found something."""
    first: dict[tuple[str, int], dict[str, Any]] = {}
    for each in exchanges:
        place = (each["route"], each["status"])
        if place not in first or first[place]["body"] in (None, []):
            first[place] = each
    return list(first.values())
