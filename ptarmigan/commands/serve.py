"""``ptarmigan serve``: a trained run that answers programs."""

from __future__ import annotations

from pathlib import Path

import tyro

from ptarmigan.commands.options import parse
from ptarmigan.core.errors import UsageError
from ptarmigan.media.console import say


def serve(args: list[str]) -> int:
    """``ptarmigan serve RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        port: int = 8471,
        host: str = "127.0.0.1",
        token_file: str = "",
        n_most: int = 10_000,
        waiting: int = 16,
        seconds: float = 60.0,
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Serve a trained run over HTTP: samples, translations or anomaly scores.

        Answers are the very bytes that sample, translate and detect write. /openapi.json describes the
        endpoints; /v2 speaks the Open Inference Protocol; /metrics is for Prometheus.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            port: where it listens; 0 is any that is free.
            host: where to listen; other than this machine it needs a token.
            token_file: a file with a token, which requests then bear; else $PTARMIGAN_TOKEN.
            n_most: samples of a request, at most.
            waiting: requests that wait, at most; others are answered with 503.
            seconds: in which a request must be answered.
            best: the weights with the best score, not the last.
            device: where to compute.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.serve import server

        server.check_installed()
        from ptarmigan.serve.answers import Answers
        from ptarmigan.serve.app import serve_app
        from ptarmigan.serve.guards import Guard
        from ptarmigan.serve.metrics import Counts, Measured
        from ptarmigan.serve.worker import Worker
        from ptarmigan.trained import load

        if n_most < 1 or waiting < 0 or not seconds > 0:
            raise UsageError("--n-most and --seconds are above 0, and --waiting is not below")
        token = server.read_token(token_file)
        server.access_of(host, port, token, alone=True)
        answers = Answers(load(run, best=best, device=device, recipe=recipe), n_most)
        listening = server.listen(host, port)
        access = server.access_of(host, listening.getsockname()[1], token, alone=True)
        name = Path(run).resolve().name.removesuffix(".safetensors")
        counts, worker = Counts(), Worker(waiting, seconds)
        guard = Guard(serve_app(name, answers, worker, counts.lines), access)
        server.announce(f"serving {name} ({answers.task}): {access.address}")
        server.run(Measured(guard, counts, say), listening, stopping=lambda: None, grace=seconds)

    parse(options, args, "serve")
    return 0
