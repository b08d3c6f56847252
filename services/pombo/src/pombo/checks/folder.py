"""The data folder of embedded mode: writable, private, with the keys that belong to what it holds, and its lock."""

import fcntl
import os
import stat
from pathlib import Path

from pombo.checks.finding import Finding, fail, ok, warn
from pombo_common.config import Config

SECRETS = ("api-key", "encryption-key", "sandbox-key", "pombo.db")


def check_folder(config: Config) -> list[Finding]:
    """Look at the folder, at its lock, and at the encryption key; nothing is made or changed."""
    folder = config.data_path
    if config.store_url is not None:
        return [_remote_key(config)]
    try:
        return _embedded(config, folder)
    except OSError as error:  # Of a folder that may not be entered, not even what is in it can be told.
        says = f"{folder} cannot be looked at ({error.strerror or type(error).__name__})"
        advice = "let this user enter the folders above it, or set POMBO_DATA_DIR to another folder"
        return [fail("data folder", says, advice)]


def _embedded(config: Config, folder: Path) -> list[Finding]:
    findings = [_writable(folder)]
    if folder.is_dir():
        findings += [_private(folder), _lock(folder)]
    return [*findings, _embedded_key(config, folder)]


def _writable(folder: Path) -> Finding:
    check = "data folder"
    nearest = next(part for part in (folder, *folder.absolute().parents) if part.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return fail(check, f"{nearest} cannot be written", "change its owner, or set POMBO_DATA_DIR to another folder")
    return ok(check, str(folder) if nearest == folder else f"{folder}, made at the first start")


def _private(folder: Path) -> Finding:
    check = "its files"
    loose = [
        part.name
        for part in (folder / name for name in SECRETS)
        if part.exists() and stat.S_IMODE(part.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if loose and stat.S_IMODE(folder.stat().st_mode) & (stat.S_IXGRP | stat.S_IXOTH):
        return warn(check, f"others may read {', '.join(loose)}", f"chmod -R go= {folder}")
    return ok(check, "for their owner alone")


def _lock(folder: Path) -> Finding:
    """Tell whether a process works in the folder; the lock is held for a moment to learn it."""
    check = "its lock"
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return ok(check, "free")
    except BlockingIOError:
        return ok(check, "held by a running Pombo")
    except OSError as error:
        return fail(check, f"it cannot be read ({error.strerror})", f"change the owner of {folder / 'lock'}")
    return ok(check, "free")


def _embedded_key(config: Config, folder: Path) -> Finding:
    check = "encryption key"
    if config.encryption_key is not None:
        return ok(check, "POMBO_ENCRYPTION_KEY")
    kept = folder / "encryption-key"
    if kept.exists():
        readable = os.access(kept, os.R_OK)
        return ok(check, str(kept)) if readable else fail(check, f"{kept} cannot be read", "change its owner")
    if (folder / "pombo.db").exists():
        return fail(
            check,
            f"{kept} is missing and {folder / 'pombo.db'} was sealed with it",
            "put the file back, or set POMBO_ENCRYPTION_KEY to what it held",
        )
    return ok(check, "made at the first start")


def _remote_key(config: Config) -> Finding:
    check = "encryption key"
    if config.encryption_key is None:
        return fail(check, "not set", "set POMBO_ENCRYPTION_KEY, the same for every API and worker")
    return ok(check, "POMBO_ENCRYPTION_KEY")
