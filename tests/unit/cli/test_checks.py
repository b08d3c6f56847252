"""What the doctor makes of what it finds; and that it neither tells a secret nor changes anything."""

import errno
import fcntl
import os
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pombo.checks.finding import Finding, shown_address
from pombo.checks.folder import check_folder
from pombo.checks.rabbitmq_server import judged
from pombo.checks.redis_server import clock, keeping, version
from pombo.commands.doctor import verdict
from pombo_common.config import Config


def results(config: Config) -> dict[str, str]:
    return {finding.check: finding.result for finding in check_folder(config)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder as embedded mode leaves it."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    for name in ("api-key", "encryption-key", "sandbox-key", "pombo.db", "lock"):
        (folder / name).write_text("very-secret")
        (folder / name).chmod(0o600)
    return folder


def test_a_folder_in_good_order(folder: Path) -> None:
    expected = {"data folder": "ok", "its files": "ok", "its lock": "ok", "encryption key": "ok"}
    assert results(Config(data_dir=str(folder))) == expected


def test_a_folder_that_does_not_exist_yet_is_not_made(tmp_path: Path) -> None:
    config = Config(data_dir=str(tmp_path / "a" / "b"))
    assert results(config) == {"data folder": "ok", "encryption key": "ok"}
    assert list(tmp_path.iterdir()) == []


def test_a_folder_below_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert results(Config(data_dir=str(tmp_path / "file" / "data")))["data folder"] == "fail"


def test_a_folder_that_may_not_be_entered_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = os.stat

    def denied(path: Any, *rest: Any, **more: Any) -> os.stat_result:  # noqa: ANN401 - as os.stat takes them
        if Path(path).is_relative_to(tmp_path / "closed"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return looked_at(path, *rest, **more)

    monkeypatch.setattr(os, "stat", denied)
    (finding,) = check_folder(Config(data_dir=str(tmp_path / "closed" / "data")))
    assert (finding.check, finding.result) == ("data folder", "fail")
    assert finding.says == f"{tmp_path / 'closed' / 'data'} cannot be looked at (Permission denied)"
    assert "POMBO_DATA_DIR" in finding.advice


def test_a_lock_that_is_held_is_told_and_stays_held(folder: Path) -> None:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (finding,) = [found for found in check_folder(Config(data_dir=str(folder))) if found.check == "its lock"]
    assert finding == Finding("its lock", "ok", "held by a running Pombo")


def test_the_lock_is_free_again_after_the_look(folder: Path) -> None:
    check_folder(Config(data_dir=str(folder)))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_database_without_its_key_fails(folder: Path) -> None:
    (folder / "encryption-key").unlink()
    assert results(Config(data_dir=str(folder)))["encryption key"] == "fail"
    assert results(Config(data_dir=str(folder), encryption_key="given"))["encryption key"] == "ok"


def test_files_that_others_can_read_give_a_warning(folder: Path) -> None:
    (folder / "api-key").chmod(0o644)
    assert results(Config(data_dir=str(folder)))["its files"] == "ok"
    folder.chmod(0o755)
    assert results(Config(data_dir=str(folder)))["its files"] == "warn"


def test_apart_only_the_key_counts(folder: Path) -> None:
    config = Config(data_dir=str(folder), store_url="redis://x")
    assert results(config) == {"encryption key": "fail"}
    assert results(msgspec.structs.replace(config, encryption_key="given")) == {"encryption key": "ok"}


def test_no_finding_tells_what_is_in_a_file(folder: Path) -> None:
    found = msgspec.json.encode(check_folder(Config(data_dir=str(folder), encryption_key="also-secret"))).decode()
    assert "secret" not in found


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:pa55@db.example:6379/0?password=pa55", "redis://db.example:6379"),
        ("rediss://:pa55@[::1]:6380", "rediss://[::1]:6380"),
        ("amqp://guest:pa55@rabbit", "amqp://rabbit"),
        ("redis+cluster://user:pa55@a:6379,b,[::1]:6380?x=1", "redis+cluster://a:6379,b,[::1]:6380"),
        ("redis://user:pa55@host:port", "the address that is set"),
        ("redis://user:55/55@host:1", "the address that is set"),
    ],
)
def test_an_address_is_shown_without_what_is_secret_in_it(url: str, shown: str) -> None:
    assert shown_address(url) == shown


def test_redis_must_keep_an_append_only_file_and_throw_nothing_away() -> None:
    good = {"aof_enabled": "1", "maxmemory_policy": "noeviction"}
    assert [finding.result for finding in keeping([good, good, {}])] == ["ok", "ok"]
    log, evicts = keeping([good, good | {"aof_enabled": "0"}, good | {"maxmemory_policy": "allkeys-lru"}])
    assert (log.check, log.result, log.advice) == ("Redis persistence", "warn", "set appendonly yes")
    assert log.says.startswith("Redis (on 1 of 3 nodes) keeps no append-only file")
    assert (evicts.check, evicts.result, evicts.advice) == ("Redis eviction", "warn", "set maxmemory-policy noeviction")


@pytest.mark.parametrize(
    ("versions", "result"),
    [
        (["7.0.15"], "ok"),
        (["10.1.0", "7.2.4"], "ok"),
        (["?"], "ok"),
        (["6.2.14"], "warn"),
        (["7.4.0", "6.0.16"], "fail"),
        (["5.0.7"], "fail"),
    ],
)
def test_redis_must_be_new_enough_on_every_node(versions: list[str], result: str) -> None:
    finding = version([{"redis_version": each} for each in versions], "redis://here")
    assert finding.result == result
    assert finding.says == f"{versions[-1]} at redis://here"
    assert ("Redis 7" in finding.advice) is (result != "ok")


@pytest.mark.parametrize(
    ("theirs", "says"),
    [(101.0, "as this machine's"), (160.0, "60.0 s ahead of this machine's"), (40.0, "60.0 s behind this machine's")],
)
def test_a_clock_that_is_off_is_told(theirs: float, says: str) -> None:
    finding = clock(theirs, 100.0)
    assert finding.says == says
    assert (finding.result == "ok") is (says == "as this machine's")


@pytest.mark.parametrize(("version", "result"), [("3.9.29", "warn"), ("3.10.0", "ok"), ("4.1.2", "ok"), ("?", "ok")])
def test_an_old_rabbitmq_gives_a_warning(version: str, result: str) -> None:
    assert judged(version, "amqp://here").result == result


@pytest.mark.parametrize(
    ("counts", "says"),
    [({"ok": 2}, "All 2 checks passed"), ({"ok": 1, "warn": 2}, "2 of 3"), ({"warn": 1, "fail": 1}, "1 of 2 checks f")],
)
def test_the_verdict_counts(counts: dict[str, int], says: str) -> None:
    findings = [Finding("x", result, "") for result in Counter(counts).elements()]  # type: ignore[arg-type] # one of the three
    assert says in verdict(findings)
