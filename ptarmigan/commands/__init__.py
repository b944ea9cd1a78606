"""The commands, related ones in one file."""

from __future__ import annotations

from collections.abc import Callable

from ptarmigan.commands.audit import audit
from ptarmigan.commands.augment import augment
from ptarmigan.commands.compare import compare
from ptarmigan.commands.detect import detect
from ptarmigan.commands.detect_generated import detect_generated
from ptarmigan.commands.ema import ema
from ptarmigan.commands.export import export
from ptarmigan.commands.latents import directions, edit
from ptarmigan.commands.look import data, doctor, push, report, send
from ptarmigan.commands.predict import predict
from ptarmigan.commands.project import encoder, project
from ptarmigan.commands.recipes import check, copy, list_, show
from ptarmigan.commands.sample import interpolate, sample
from ptarmigan.commands.score import score
from ptarmigan.commands.serve import serve
from ptarmigan.commands.studio import studio
from ptarmigan.commands.train import train
from ptarmigan.commands.translate import translate
from ptarmigan.commands.tune import tune
from ptarmigan.commands.watermark import verify, watermark

COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "train": train,
    "tune": tune,
    "sample": sample,
    "interpolate": interpolate,
    "directions": directions,
    "edit": edit,
    "project": project,
    "encoder": encoder,
    "translate": translate,
    "predict": predict,
    "detect": detect,
    "augment": augment,
    "ema": ema,
    "export": export,
    "score": score,
    "compare": compare,
    "audit": audit,
    "detect-generated": detect_generated,
    "watermark": watermark,
    "verify": verify,
    "serve": serve,
    "studio": studio,
    "report": report,
    "send": send,
    "push": push,
    "doctor": doctor,
    "data": data,
    "list": list_,
    "show": show,
    "copy": copy,
    "check": check,
}
