"""The data folder: one process at a time, private, with keys that last."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pombo.data_folder import DataFolder, FolderInUse
from pombo_common.vault import parse_keys

TAKE = """
import sys
from pathlib import Path
from pombo.data_folder import DataFolder, FolderInUse
folder = DataFolder(Path(sys.argv[1]))
try:
    folder.lock()
except FolderInUse as error:
    print("in use:", error)
else:
    print("taken", flush=True)
    sys.stdin.read()
"""


def take(path: Path) -> str:
    """Lock the folder in another process, which ends at once."""
    done = subprocess.run(
        [sys.executable, "-c", TAKE, str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


def test_a_second_process_is_kept_out_until_the_first_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "data"
    command = [sys.executable, "-c", TAKE, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "taken\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert take(path) == f"in use: {path}"
        with pytest.raises(FolderInUse):
            DataFolder(path).lock()
        # What a killed process left behind keeps nobody out.
        first.kill()
    assert (path / "lock").exists()
    assert take(path) == "taken"


def test_keys_are_made_once_each_its_own_and_kept_private(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    made = [folder.api_key(), folder.encryption_key(), folder.sandbox_key()]
    again = DataFolder(tmp_path)
    assert [again.api_key(), again.encryption_key(), again.sandbox_key()] == made
    assert len(set(made)) == 3
    assert len(parse_keys(made[1])) == 1
    for name in ("api-key", "encryption-key", "sandbox-key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.new"))


def test_a_key_that_a_person_put_there_is_used(tmp_path: Path) -> None:
    key = base64.b64encode(b"k" * 32).decode()
    (tmp_path / "encryption-key").write_text(f"{key}\n\n")
    assert DataFolder(tmp_path).encryption_key() == key


def test_a_start_that_was_killed_while_it_wrote_a_key_is_repaired(tmp_path: Path) -> None:
    (tmp_path / "encryption-key.new").write_text("half a k")
    assert parse_keys(DataFolder(tmp_path).encryption_key())
    assert not (tmp_path / "encryption-key.new").exists()


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=os.strerror(20)):
        DataFolder(tmp_path / "file" / "data").lock()
