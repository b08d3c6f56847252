"""What an engine raises when it cannot do what it is asked."""


class EngineUnavailable(Exception):  # noqa: N818 - reads as the state it names
    """It cannot be done now; the message says why, for people.

    Attributes:
        code: the engine's own word for it, None when it has none.
    """

    def __init__(self, message: str, code: str | None = None) -> None:
        """Keep the engine's word beside the message."""
        super().__init__(message)
        self.code = code


class EngineGone(EngineUnavailable):
    """What ran the session has ended, and with it the connection."""
