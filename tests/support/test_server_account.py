"""The account of the database server is made by one process at a time, whatever the PATH."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server_account import one_at_a_time, with_administrators_folders

# Makes what must not be there yet, as the command that makes an account does, and takes it away again.
MAKES_IT = """
import sys, time
from pathlib import Path
from tests.support.server_account import one_at_a_time
account = Path(sys.argv[1])
for _ in range(20):
    with one_at_a_time():
        account.touch(exist_ok=False)
        time.sleep(0.005)
        account.unlink()
"""


def test_processes_wait_for_each_other(tmp_path: Path) -> None:
    """Four processes at once never find that another is making the account."""
    command = [sys.executable, "-c", MAKES_IT, str(tmp_path / "account")]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=60)[1] for process in processes] == [""] * 4


@pytest.mark.parametrize("path", ["/usr/bin", None])
def test_the_command_is_found_and_the_path_is_as_before(path: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The administrator's folders are looked through inside the block alone, also where no PATH is set."""
    monkeypatch.delenv("PATH") if path is None else monkeypatch.setenv("PATH", path)
    with one_at_a_time():
        assert "/usr/sbin" in os.environ["PATH"].split(os.pathsep)
        assert "/usr/bin" in os.environ["PATH"].split(os.pathsep)
    assert os.environ.get("PATH") == path


def test_a_folder_stands_once() -> None:
    """What is in the PATH already keeps its place."""
    assert with_administrators_folders("/usr/sbin:/bin") == "/usr/sbin:/bin:/usr/local/sbin:/sbin"
    assert with_administrators_folders("") == "/usr/local/sbin:/usr/sbin:/sbin"
