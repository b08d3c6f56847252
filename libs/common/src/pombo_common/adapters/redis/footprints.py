"""What deleted instances left outside the Store: one hash, from instance id and sink to the footprint."""

import msgspec

from pombo_common.adapters.redis.part import StorePart
from pombo_common.ports.records import Footprint

_FOOTPRINT = msgspec.json.Decoder(Footprint)


class Clearing(StorePart):
    """Footprints, until they are cleared away."""

    async def keep_footprint(self, footprint: Footprint) -> None:
        """Remember what is to be cleared away."""
        said = msgspec.json.encode(footprint)
        await self._database.command("HSET", self._keys.footprints, _field(footprint), said)

    async def footprints(self) -> list[Footprint]:
        """Return all that is to be cleared away, oldest first."""
        said = await self._database.command("HVALS", self._keys.footprints)
        return sorted((_FOOTPRINT.decode(text) for text in said), key=lambda each: (each.at, each.instance_id))

    async def drop_footprint(self, footprint: Footprint) -> None:
        """Forget what was cleared away."""
        await self._database.command("HDEL", self._keys.footprints, _field(footprint))


def _field(footprint: Footprint) -> str:
    return f"{footprint.instance_id}/{footprint.sink}"
