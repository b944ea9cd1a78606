"""The command line. Nothing heavy is imported until a command needs it, so ``--help`` answers at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from ptarmigan.media.console import PIPE, deliver, discard, open_streams, say
from ptarmigan.media.quiet import libraries_quiet
from ptarmigan.media.show import show
from ptarmigan.training.signals import Ended, ends_tidily

USAGE = 2
FAILED = 1
INTERRUPTED = 130
SPINS = "10000"
"""How often a waiting thread of GNU's OpenMP spins before it sleeps, read when torch is imported.

The default of 300,000 takes the processor from the very thread that is waited for, where other programs run:
steps of small networks took 5 to 20 times as long. An idle machine loses 2 to 7 %.
"""

COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("RECIPE|DATA", "train a recipe, or the default one on your data; again: go on"),
    "tune": ("RECIPE|DATA", "search for the options with the best score, by runs that are halved"),
    "sample": ("RUN", "generate samples with a trained run"),
    "interpolate": ("RUN", "interpolate between samples: a strip, a GIF or an MP4"),
    "directions": ("RUN", "find directions of latents, such as of weights or between classes"),
    "edit": ("RUN", "move samples, or a projected photo, along directions"),
    "project": ("RUN PHOTO", "find the latents of a photo, so that it can be edited"),
    "encoder": ("RUN", "train an encoder, from which projection starts"),
    "translate": ("RUN PICTURES", "translate pictures, GIFs or videos with a trained translation"),
    "predict": ("RUN DATA", "predict what follows from data, as an ensemble: next fields, or finer ones"),
    "detect": ("RUN DATA", "find anomalies with a trained detector"),
    "augment": ("--data X", "oversample rare classes with a GAN, and measure whether it helps"),
    "ema": ("RUN", "find the best EMA of a run's weights, without training again"),
    "export": ("RUN", "export a trained run to ONNX, torch.export or Triton"),
    "score": ("RUN", "score a trained run"),
    "compare": ("RUN RUN ...", "compare runs: a table and a page; seeds of one recipe are a group"),
    "audit": ("RUN", "attack a run: can others tell who was trained on?"),
    "detect-generated": ("--real A --fake B", "tell generated images from real ones, at a stated error"),
    "watermark": ("RUN", "tune a run so that a key is read from its images; or mark images to train on"),
    "verify": ("IMAGES", "verify whether images carry a key, at a stated error"),
    "serve": ("RUN", "serve a trained run over HTTP, to programs"),
    "studio": ("[FOLDER]", "show the runs of a folder in a browser, live; start new ones"),
    "report": ("RUN", "write the run's page again"),
    "send": ("RUN", "send what a run has logged to trackers, such as wandb or mlflow"),
    "push": ("RUN USER/NAME", "push a trained run to the Hugging Face Hub; sample hf://USER/NAME uses it"),
    "doctor": ("RUN", "diagnose a run, and propose a treatment"),
    "data": ("SOURCE", "describe a source of samples, with a picture"),
    "list": ("", "list the recipes"),
    "show": ("RECIPE", "show a recipe and its options"),
    "copy": ("RECIPE FILE", "copy a recipe to a file of your own, to change it"),
    "check": ("RECIPE|FILE", "test a recipe, or --modality NAME, against the contract"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exit code 0 for success, 2 for bad input, 1 for a failure."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    open_streams()
    debug = "--debug" in args
    with ends_tidily(), nullcontext() if debug else libraries_quiet():
        code = run([a for a in args if a != "--debug"], debug)
    sys.exit(deliver(code))


def run(args: list[str], debug: bool) -> int:
    """Do what the arguments say; every way in which that ends becomes an exit code."""
    try:
        return dispatch(args)
    except Ended as end:
        say(f"ptarmigan: ended by {end.name}")
        return end.code
    except SystemExit as end:  # tyro's, after --help
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        say("ptarmigan: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        discard(sys.stdout)
        return PIPE
    except Exception as error:
        code = explain(error)
        if debug:
            show_where(error)
        return code


def dispatch(args: list[str]) -> int:
    """Call the command of the first argument."""
    if not args or args[0] in ("-h", "--help"):
        show(*help_text().splitlines())
        return 0 if args else USAGE
    if args[0] == "--version":
        from ptarmigan import __version__

        show(f"ptarmigan {__version__}")
        return 0
    name, rest = args[0], args[1:]
    if name not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean '{near[0]}'?" if near else "see 'ptarmigan --help'"
        raise ValueError(f"there is no command {name!r}: {hint}")
    from ptarmigan.commands import COMMANDS as FUNCTIONS

    return FUNCTIONS[name](rest)


def help_text() -> str:
    """What ``ptarmigan --help`` prints."""
    width = max(len(f"{name} {what}") for name, (what, _) in COMMANDS.items())
    lines = [f"  {f'{name} {what}':{width}}  {does}" for name, (what, does) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: ptarmigan COMMAND ...",
            "",
            "Adversarial learning: train a GAN, evaluate it, diagnose it, use it.",
            "",
            *lines,
            "",
            "'ptarmigan COMMAND --help' shows a command's options; --debug shows where an error comes from.",
        ]
    )


def show_where(error: Exception) -> None:
    """The traceback of an error on stderr."""
    import traceback

    for line in "".join(traceback.format_exception(error)).splitlines():
        say(line)


def explain(error: Exception) -> int:
    """One line on stderr for an error, and the exit code it means."""
    from ptarmigan.core.errors import REASON, Diverged, is_out_of_memory, one_line

    words = one_line(error)
    if is_out_of_memory(error):
        say(f"ptarmigan: there is not enough memory ({words[:REASON]}): ask for less, as by --batch or --n")
        return USAGE
    if isinstance(error, (ValueError, OSError)):
        say(f"ptarmigan: {words}")
        return USAGE
    if isinstance(error, Diverged):
        say(f"ptarmigan: {words}")
        return FAILED
    say(f"ptarmigan: internal error: {type(error).__name__}: {words} (--debug shows where)")
    return FAILED
