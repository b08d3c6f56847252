"""Errors that are for people: a status, a stable code and messages that say which field, why, and what is accepted."""

from collections.abc import Sequence
from typing import Any

import msgspec


class ErrorInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One refusal as it travels in replies and command records.

    Attributes:
        status: HTTP status that REST answers with.
        code: stable machine word, for example `name_taken`.
        message: sentences for people; never a token, a phone number or a traceback.
        details: objects that REST answers in place of the sentences, where the contract says so.
    """

    status: int
    code: str
    message: list[str]
    details: list[dict[str, Any]] = []


class PomboError(Exception):
    """A refusal with a status, a code and messages; every layer raises it and one handler renders it."""

    def __init__(self, status: int, code: str, *message: str, details: Sequence[dict[str, Any]] = ()) -> None:
        """Keep what is rendered later.

        Args:
            status: HTTP status.
            code: stable machine word.
            message: one or more sentences for people.
            details: see `ErrorInfo`.
        """
        super().__init__(*message)
        self.info = ErrorInfo(status=status, code=code, message=list(message), details=list(details))


def name_taken(name: str) -> PomboError:
    """Say that another instance has this name (403, as Evolution's clients expect)."""
    return PomboError(403, "name_taken", f'This name "{name}" is already in use.')


def unknown_instance(name: str) -> PomboError:
    """Say that no instance has this name (404)."""
    return PomboError(404, "unknown_instance", f'The "{name}" instance does not exist')


def unavailable(what: str) -> PomboError:
    """Say that a part that Pombo needs does not answer now (503)."""
    return PomboError(503, "unavailable", f"{what} is not reachable at the moment; try again shortly")


def not_available(what: str) -> PomboError:
    """Say that a part of the contract is not in this version (400)."""
    return PomboError(400, "not_available", f"{what} is not available in this version")
