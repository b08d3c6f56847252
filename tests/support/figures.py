"""Figures of many runs, printed as small tables when the session ends."""

import statistics
from collections.abc import Iterable, Sequence


class Figures:
    """The tables of one session."""

    def __init__(self) -> None:
        self._tables: list[str] = []

    def add(self, title: str, rows: Iterable[tuple[str, object]]) -> None:
        """Add a table."""
        kept = list(rows)
        width = max(len(name) for name, _ in kept)
        self._tables.append("\n".join([title, *(f"  {name:<{width}}  {value}" for name, value in kept), ""]))

    @staticmethod
    def spread(seconds: Sequence[float]) -> str:
        """Return median and maximum of some durations, at least one."""
        return f"median {statistics.median(seconds):.1f} s, most {max(seconds):.1f} s"

    def text(self) -> str:
        """Return all tables."""
        return "\n".join(self._tables)
