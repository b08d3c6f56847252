"""What the parts of the Redis Store share: the database and the projections."""

from pombo_common.adapters.redis.client import Database
from pombo_common.adapters.redis.projections import Projections


class StorePart:
    """Base of the mixins that together are the Store."""

    def __init__(self, database: Database, log_limit: int) -> None:
        """Work on one database.

        Args:
            database: calls to Redis.
            log_limit: events that one instance's log keeps.
        """
        self._database = database
        self._keys = database.keys
        self._projections = Projections(database)
        self._log_limit = log_limit
