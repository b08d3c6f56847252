"""Who calls: guards that run before any body is read, and the caller that handlers act for.

The instance comes from the path alone; neither query nor body can name another. A wrong key gets the same answer
whether the named instance exists or not.
"""

import hmac
from typing import Any, cast

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from pombo_api.application.parts import Parts
from pombo_common.model.errors import PomboError, unknown_instance
from pombo_common.model.naming import NAME_PATTERN
from pombo_common.ports.records import StoredInstance

Connection = ASGIConnection[Any, Any, Any, Any]

_CALLER = "caller"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticated caller.

    Attributes:
        key: the bytes of the `apikey` header.
        everywhere: it is the global key.
        name: instance named in the path, None on routes without one.
        stored: that instance as it was read for authentication; None when there is none (global key only).
    """

    key: bytes
    everywhere: bool
    name: str | None = None
    stored: StoredInstance | None = None

    def instance(self) -> StoredInstance:
        """Return the instance of the path.

        Raises:
            PomboError: 404 `unknown_instance`.
        """
        if self.stored is None:
            raise unknown_instance(self.name or "")
        return self.stored


def unauthorized() -> PomboError:
    """Refuse without telling anything."""
    return PomboError(401, "unauthorized", "Unauthorized")


def caller_of(connection: Connection) -> Caller:
    """Return the caller that a guard has let in."""
    return cast("Caller", connection.scope["state"][_CALLER])


async def global_key(connection: Connection, _: BaseRouteHandler) -> None:
    """Let in the global key only."""
    key = _key(connection)
    if not _is_global(_parts(connection), key):
        raise unauthorized()
    _admit(connection, Caller(key=key, everywhere=True))


async def any_key(connection: Connection, _: BaseRouteHandler) -> None:
    """Let in any key; the handler shows only what the key may see, and refuses when that is nothing."""
    key = _key(connection)
    _admit(connection, Caller(key=key, everywhere=_is_global(_parts(connection), key)))


async def instance_key(connection: Connection, _: BaseRouteHandler) -> None:
    """Let in the global key, and the token of the instance that the path names."""
    key = _key(connection)
    parts = _parts(connection)
    everywhere = _is_global(parts, key)
    name = str(connection.path_params["instance"])
    if not NAME_PATTERN.match(name):
        raise unknown_instance(name) if everywhere else unauthorized()
    stored = await parts.store.instance(name)
    if not everywhere and (stored is None or not parts.queries.is_token(key, stored)):
        raise unauthorized()
    _admit(connection, Caller(key=key, everywhere=everywhere, name=name, stored=stored))


def _admit(connection: Connection, caller: Caller) -> None:
    connection.scope["state"][_CALLER] = caller


def _parts(connection: Connection) -> Parts:
    return cast("Parts", connection.app.state.parts)


def _key(connection: Connection) -> bytes:
    """Return the key's bytes as they were sent."""
    key = connection.headers.get("apikey", "").encode("latin-1")
    if not key:
        raise unauthorized()
    return key


def _is_global(parts: Parts, key: bytes) -> bool:
    wanted = parts.config.api_key
    return bool(wanted) and hmac.compare_digest(key, str(wanted).encode())
