"""``ptarmigan studio``: the page of the runs in a folder."""

from __future__ import annotations

from pathlib import Path

import tyro

from ptarmigan.commands.options import parse, use_data_dir
from ptarmigan.core.errors import UsageError
from ptarmigan.media.console import say

PORT = 8470


def studio(args: list[str]) -> int:
    """``ptarmigan studio [FOLDER]``."""

    def options(
        folder: tyro.conf.Positional[str] = "runs",
        port: int = PORT,
        host: str = "127.0.0.1",
        token_file: str = "",
        allow_train: bool = False,
        data: str = "",
        data_dir: str = "",
        open: bool = False,
    ) -> None:
        """Show the runs of a folder in a browser: watch them, compare them, start new ones.

        Nothing is written into a run, and a run is the same with and without a page.

        Args:
            folder: of runs, or a run.
            port: of the page; 0 is any that is free.
            host: where to listen; other than this machine it needs a token.
            token_file: a file with a token of yours, for programs and other machines; else $PTARMIGAN_TOKEN.
            allow_train: let other machines start trainings here.
            data: a folder whose files may be trained on from the page, beside the built-in sets.
            data_dir: where named data sets already are.
            open: open a browser.
        """
        from ptarmigan.serve.server import access_of, announce, check_installed, listen, read_token, run

        check_installed()
        from ptarmigan.serve.guards import Guard
        from ptarmigan.studio.app import Studio, studio_app
        from ptarmigan.studio.jobs import Jobs
        from ptarmigan.studio.runs import Runs

        use_data_dir(data_dir)
        root = Path(folder)
        if root.exists() and not root.is_dir():
            raise UsageError(f"{folder} is no folder")
        if data and not Path(data).is_dir():
            raise UsageError(f"--data {data}: there is no such folder")
        token = read_token(token_file)
        access_of(host, port, token, alone=False)
        listening = listen(host, port)
        access = access_of(host, listening.getsockname()[1], token, alone=False)
        refusal = (
            "" if access.local or allow_train else "start trainings on the machine itself, or --allow-train"
        )
        shown = Studio(Runs(root), Jobs(root, Path(data) if data else None, refusal))
        if not any(True for _ in shown.runs.found()):
            say(f"{folder} holds no runs yet: they appear when there are some")
        link = access.address + ("" if access.chosen else f"/?token={access.ticket}")
        announce(f"studio: {link}")
        if open:
            import webbrowser

            webbrowser.open(link)
        guard = Guard(studio_app(shown), access, lambda new: say(f"opened; for another browser: {new}"))
        run(guard, listening, stopping=shown.stop, grace=3)
        if left := shown.jobs.left():
            say(left)
        shown.jobs.close()

    parse(options, args, "studio")
    return 0
