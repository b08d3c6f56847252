"""The OpenAPI document taken at its word: made-up requests to the real API on the real worker.

POMBO_FUZZ_CASES sets how many requests are made in all; a long run takes 3000, and other ones each time.
"""

import asyncio
import itertools
import math
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contract.api.real import GLOBAL_KEY, Real, running

T = TypeVar("T")
AnyCase = Case[Any]

SHORT = 200
CASES = int(os.environ.get("POMBO_FUZZ_CASES", str(SHORT)))
REQUEST_SECONDS = 30
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
INSTANCES = ("closed", "showing", "open")
KEYS = (GLOBAL_KEY, GLOBAL_KEY, GLOBAL_KEY, "tok-open", "wrong", "")


class Loop:
    """A loop in a thread of its own: hypothesis calls its tests, which are not coroutines, from another."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(REQUEST_SECONDS)

    def stop(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def loop() -> Iterator[Loop]:
    """Yield a running loop."""
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture
def real(loop: Loop, tmp_path: Path) -> Iterator[Real]:
    """Yield the API, with one instance in each state."""
    inside, done = loop.run(_begun(tmp_path))
    yield inside
    loop.run(done())


def test_no_made_up_request_gets_an_answer_that_is_not_described(loop: Loop, real: Real) -> None:
    results = schemathesis.openapi.from_dict(real.document).get_all_operations()
    found = [result.ok() for result in results if isinstance(result, Ok)]
    assert len(found) == sum(len(methods) for methods in real.document["paths"].values())
    varied = [each for each in found if each.body or each.path_parameters or each.query]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    asked: list[int] = []
    for operation in found:
        if operation not in varied:
            _try(loop, real, operation.as_strategy(), 1, asked)
    for operation, mode in itertools.product(varied, modes):
        _try(loop, real, operation.as_strategy(mode), math.ceil(CASES / (len(varied) * len(modes))), asked)
    assert len(asked) >= CASES
    assert {200, 201, 400, 401, 404, 409} <= set(asked)


def _try(loop: Loop, real: Real, cases: st.SearchStrategy[AnyCase], count: int, asked: list[int]) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=CASES <= SHORT,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, name=st.sampled_from((*INSTANCES, None)), key=st.sampled_from(KEYS))
    def attempt(case: AnyCase, name: str | None, key: str) -> None:
        if name is not None and "instance" in (case.path_parameters or {}):
            case.path_parameters["instance"] = name
        answer = loop.run(_sent(real, case, key))
        asked.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    attempt()


async def _sent(real: Real, case: AnyCase, key: str) -> httpx.Response:
    request = case.as_transport_kwargs(base_url="http://pombo.test")
    request.pop("cookies", None)
    headers = {name: value for name, value in (request.pop("headers") or {}).items() if name.lower() != "apikey"}
    body = request.pop("data", None)
    content = {"content": body} if isinstance(body, bytes | str) else {"data": body}
    if "files" in request:
        request["files"] = [(name, _part(value)) for name, value in request["files"]]
    built = real.client.build_request(**request, **content, headers=_plain(headers) | {"apikey": key})
    await built.aread()
    answer = await real.client.send(built)
    if case.method == "DELETE" and answer.status_code == 200:
        await _stand(real)
    return answer


def _part(value: Any) -> Any:  # noqa: ANN401 - whatever was made up for a part of a form
    if isinstance(value, tuple):
        return (value[0], *(_part(inner) for inner in value[1:]))
    return value if isinstance(value, bytes | str) else str(value)


def _plain(headers: dict[str, Any]) -> dict[str, str]:
    return {name: str(value).encode("latin-1", "replace").decode("latin-1") for name, value in headers.items()}


async def _stand(real: Real) -> None:
    """Create the instances that are not there (any more), each in its state."""
    for name in INSTANCES:
        if await real.store.instance(name) is None:
            await real.create(name, token=f"tok-{name}", qrcode=name != "closed")
            if name == "open":
                assert (await real.ask("POST", "/sandbox/open/scan", {"number": "15551230001"})).status_code == 200


async def _begun(folder: Path) -> tuple[Real, Callable[[], Coroutine[Any, Any, None]]]:
    """Run the API in a task of its own, from here until the function that is returned is called."""
    inside: list[Real] = []
    begun, end = asyncio.Event(), asyncio.Event()

    async def life() -> None:
        async with running(folder) as real:
            await _stand(real)
            inside.append(real)
            begun.set()
            await end.wait()

    task = asyncio.create_task(life())

    async def done() -> None:
        end.set()
        await task

    await asyncio.wait({task, asyncio.create_task(begun.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if not inside:
        await task
    return inside[0], done
