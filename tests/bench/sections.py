"""The table of sections. A new one is a module with `run(bench) -> Outcome`, and a line here."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from tests.bench import commands, delivery, engine, idle, reads
from tests.bench.bench import Bench
from tests.bench.results import Outcome

SECTIONS: Mapping[str, Callable[[Bench], Coroutine[Any, Any, Outcome]]] = {
    "reads": reads.run,
    "commands": commands.run,
    "delivery": delivery.run,
    "engine": engine.run,
    "idle": idle.run,
}
