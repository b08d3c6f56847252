"""The Lua scripts beside this module, each with the shared prelude before it, and their digests."""

import hashlib
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec


class Script(msgspec.Struct, frozen=True):
    """One script as Redis runs it.

    Attributes:
        text: prelude and body.
        sha: SHA-1 of the text in hex, by which Redis knows it.
    """

    text: bytes
    sha: str


def load_scripts() -> dict[str, Script]:
    """Read all scripts from the package.

    Returns:
        The scripts by the name of their file without its ending, for example `apply`.
    """
    folder = resources.files(__package__).joinpath("lua")
    prelude = b"\n".join(_sources(folder.joinpath("prelude")).values())
    return {name: _script(prelude + b"\n" + body) for name, body in _sources(folder).items()}


def _sources(folder: Traversable) -> dict[str, bytes]:
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".lua")), key=lambda file: file.name)
    return {file.name.removesuffix(".lua"): file.read_bytes() for file in files}


def _script(text: bytes) -> Script:
    # Redis names scripts by SHA-1; nothing secret hangs on it.
    return Script(text=text, sha=hashlib.sha1(text, usedforsecurity=False).hexdigest())
