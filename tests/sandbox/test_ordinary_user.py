"""Level user works for somebody without any privilege: the hostile code again, from an account that is not root's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOBODY = "65534"


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("bwrap") or not shutil.which("setpriv"),
    reason="becoming another user needs root, bubblewrap and setpriv (elsewhere every test runs as an ordinary user)",
)
def test_the_user_level_holds_for_an_ordinary_user():
    command = ["bwrap", "--dev-bind", "/", "/", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    folders = [str(parent) for parent in reversed(Path(sys.base_prefix).parents)][1:]
    if os.stat(folders[0]).st_mode & 0o5 != 0o5:  # Python lies in root's home: show just this part of it
        command += ["--perms", "0755", "--tmpfs", folders[0]]
        command += [word for folder in folders[1:] for word in ("--perms", "0755", "--dir", folder)]
        command += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    command += ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    tests = [str(Path(__file__).with_name(name)) for name in ("test_hostile_code.py", "test_isolation.py")]
    ran = subprocess.run(
        [*command, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-x", "-k", "user and not full", *tests],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": "/tmp"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    assert "skipped" not in ran.stdout.splitlines()[-1]
