"""What the page of the laboratory asks for."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import FastAPI, Header
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ptarmigan import zoo
from ptarmigan.studio.events import QUIET, Streams, event
from ptarmigan.studio.laboratory.choice import DRAWN, offered, open_run, recipes
from ptarmigan.studio.laboratory.sessions import Player, Sessions

LOOK = 0.03
"""Seconds between two looks at whether there is a new frame."""
BEAT = 100
"""Looks after which something is sent in any case, by which it is seen that a page is gone."""


class Experiment(BaseModel):
    """A recipe, its options, and points that were drawn."""

    recipe: str = Field(max_length=100)
    options: dict[str, bool | int | float | str] = Field(default_factory=dict, max_length=100)
    drawn: list[tuple[float, float]] = Field(default_factory=list, max_length=DRAWN)


class Command(BaseModel):
    """Something that a session is to do."""

    session: str = Field(max_length=20)
    action: str = Field(max_length=20)
    value: int = Field(1, ge=0, le=10**7)


def add_laboratory(app: FastAPI, sessions: Sessions, streams: Streams, stopping: Callable[[], bool]) -> None:
    """The endpoints below ``/api/laboratory``.

    Args:
        app: the application.
        sessions: the sessions.
        streams: counts those that are open.
        stopping: whether the server is to end.
    """

    @app.get("/api/laboratory/recipes")
    def offer() -> list[dict[str, Any]]:
        return [
            {"name": name, "summary": zoo.summary(name), "options": [*map(dataclasses.asdict, offered(name))]}
            for name in recipes()
        ]

    @app.post("/api/laboratory/open")
    def begin(wanted: Experiment) -> dict[str, Any]:
        name, player = sessions.open(open_run(wanted.recipe, wanted.options, wanted.drawn))
        return {"session": name, **player.opening, "frame": json.loads(player.shown)}

    @app.post("/api/laboratory/do")
    def do(wanted: Command) -> dict[str, Any]:
        sessions.one(wanted.session).do(wanted.action, wanted.value)
        return {}

    @app.get("/api/laboratory/stream")
    async def stream(
        session: str, mark: str = "", last_event_id: Annotated[str, Header(max_length=100)] = ""
    ) -> Response:
        player = sessions.one(session)
        return streams.response(follow(player, last_event_id or mark[:100], stopping))


async def follow(player: Player, mark: str, stopping: Callable[[], bool]) -> AsyncIterator[str]:
    """The newest frame whenever there is one, with what is new of the curves; older ones are passed over."""
    seen = looks = 0
    while not stopping():
        player.look()
        if player.ended:
            yield event("gone", json.dumps(player.problem))
            return
        if seen != player.version:
            seen, reached = player.version, player.session.reached
            new = json.dumps(player.since(mark))
            mark = str(reached)
            yield event("frame", f'{player.shown[:-1]}, "curves": {new}}}', mark)
        elif (looks := looks + 1) % BEAT == 0:
            yield QUIET
        await asyncio.sleep(LOOK)
