"""A process that writes without end and says on stdout what was acknowledged; the test kills it.

Args on the command line: the file, the instance's id.
"""

import asyncio
import sys
from pathlib import Path

from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.model.events import NewEvent
from pombo_common.ports.changes import Change


async def main(path: Path, instance_id: str) -> None:
    """Let some writers append events and credentials, for ever."""
    store = SqliteStore(path)
    await store.open()

    async def write(writer: int) -> None:
        number = 0
        while True:
            mark = f"{writer}:{number}"
            event = NewEvent(id=mark, type="call", at=1, body=bytes(500))
            await store.apply("a", Change(instance_id=instance_id, creds=mark.encode(), events=(event,)))
            sys.stdout.write(f"{mark}\n")
            sys.stdout.flush()
            number += 1

    await asyncio.gather(*(write(writer) for writer in range(8)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
