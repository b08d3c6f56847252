"""`pombo up`: everything in one process on the embedded adapters."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from tests.support.deployment import ADDRESS, SANDBOX_STARTED, Deployment, Mode, Simulator
from tests.support.pombo_process import PomboProcess


class UpDeployment(Deployment):
    """One process on one data folder; its simulator is a child of it.

    Attributes:
        data: the data folder.
    """

    mode: Mode = "up"

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        super().__init__(folder, env)
        self.data = folder / "data"
        self._process = PomboProcess(
            ["up"],
            env={**self.env, "POMBO_DATA_DIR": str(self.data)},
            folder=folder / "up",
            ready=rf"address  {ADDRESS}[^\0]*Ctrl-C",
        )

    @property
    def address(self) -> str:
        """Where its API is."""
        return self._process.said

    @property
    def worker(self) -> PomboProcess:
        """The one process."""
        return self._process

    @property
    def processes(self) -> list[PomboProcess]:
        """The one process."""
        return [self._process]

    @property
    def simulator(self) -> Simulator:
        """The simulator that this run of the process started."""
        port = self._process.find(SANDBOX_STARTED)
        if port is None:
            raise LookupError("the simulator has not been started yet")
        return Simulator.at(port, self.sandbox_key)

    def kept(self, name: str, instance_id: str) -> set[str]:
        """Name the tables with rows of the instance."""
        address = f"{(self.data / 'pombo.db').absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(address, uri=True)
        try:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            return {table for table in tables if _rows(connection, table, name, instance_id)}
        finally:
            connection.close()


def _rows(connection: sqlite3.Connection, table: str, name: str, instance_id: str) -> bool:
    """Tell whether a table has rows that name the instance or hang on its log, or on a log that is gone."""
    columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    tests = []
    if "name" in columns and table != "destinations":
        tests.append("name = :name")
    if "log" in columns and table != "logs":
        tests.append("log IN (SELECT log FROM logs WHERE instance_id = :id) OR log NOT IN (SELECT log FROM logs)")
    if not tests:
        return False
    query = f"SELECT 1 FROM {table} WHERE {' OR '.join(tests)} LIMIT 1"  # noqa: S608 - names from the schema
    return connection.execute(query, {"name": name, "id": instance_id}).fetchone() is not None
