"""The Store on Redis 7: every method on one instance is one Lua script on keys of one slot (see docs/ports.md)."""

from pombo_common.adapters.redis.store import RedisStore

__all__ = ["RedisStore"]
