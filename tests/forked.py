"""``python -m ptarmigan`` in processes of their own that need not import torch first, which takes seconds.

They are forked from one that has imported what others wrote, and nothing of ptarmigan.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path

LIBRARIES = (
    "matplotlib.figure",
    "numpy",
    "pandas",
    "PIL.Image",
    "rich.progress",
    "scipy.signal",
    "scipy.stats",
    "sklearn.ensemble",
    "torch",
    "tyro",
)


class Starter:
    """Runs commands, one after another; ends with the process that made it.

    Args:
        env: what the process that is forked is started with.
    """

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.begin()

    def begin(self) -> None:
        """Start what is forked."""
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.env,
            start_new_session=True,
        )

    def __call__(
        self, words: list[str], cwd: Path, env: dict[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """``ptarmigan`` with these words, in a folder and with an environment.

        Raises:
            TimeoutExpired: it took longer, and is gone.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with tempfile.TemporaryDirectory() as place:
            files = [str(Path(place, name)) for name in ("stdout", "stderr")]
            asked = {"words": words, "cwd": str(cwd), "env": env, "files": files}
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
            if not select.select([self.process.stdout], [], [], timeout)[0]:
                self.end()
                self.begin()
                raise subprocess.TimeoutExpired(words, timeout)
            code = int(self.process.stdout.readline())
            out, err = (Path(file).read_text() for file in files)
        return subprocess.CompletedProcess(words, code, out, err)

    def end(self) -> None:
        """Nothing of it is left."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()  # closes its pipes


def serve() -> None:
    """Fork for every line that comes in, and say how it ended; in the forked process, be ptarmigan."""
    for name in LIBRARIES:
        __import__(name)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            become(**asked)
            leave(ptarmigan())
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def become(words: list[str], cwd: str, env: dict[str, str], files: list[str]) -> None:
    """A process that was started for these words."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for target, file in enumerate([os.devnull, *files]):
        os.dup2(os.open(file, os.O_RDONLY if target == 0 else os.O_WRONLY | os.O_CREAT, 0o600), target)
    sys.argv = ["ptarmigan", *words]


def ptarmigan() -> int:
    """What it ends with."""
    try:
        runpy.run_module("ptarmigan", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def leave(code: int) -> None:
    """End as an interpreter does, but for taking apart all that was imported: that takes as long again."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve()
