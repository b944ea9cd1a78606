"""The studio's application: pages, plain data, one stream of events for each page, and three changes."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from ptarmigan import zoo
from ptarmigan.core.errors import one_line
from ptarmigan.core.text import printable
from ptarmigan.media.foreign import read_bytes
from ptarmigan.report.style import CSS
from ptarmigan.studio import form, views
from ptarmigan.studio.diagnosis import Doctor
from ptarmigan.studio.events import QUIET, RETRY, Streams, event
from ptarmigan.studio.jobs import BusyError, Jobs
from ptarmigan.studio.laboratory.routes import add_laboratory
from ptarmigan.studio.laboratory.sessions import Sessions
from ptarmigan.studio.runs import NoSuchRunError, Runs

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".js": "text/javascript", ".json": "application/json", ".css": "text/css"}
LOOK = 1.0
"""Seconds between two looks at what changes."""


class Start(BaseModel):
    """What a new run is to be."""

    recipe: str = Field(max_length=100)
    name: str = Field(max_length=80)
    options: dict[str, bool | int | float | str] = Field(default_factory=dict, max_length=200)


class Named(BaseModel):
    """A run of the list."""

    run: str = Field(max_length=1_000)


@dataclasses.dataclass
class Studio:
    """What the application works with.

    Attributes:
        runs: that are shown.
        jobs: trainings that were started here.
        doctor: that diagnoses them.
        stopping: the server is to end, and so are streams.
        streams: those that are open.
        sessions: of the laboratory.
    """

    runs: Runs
    jobs: Jobs
    doctor: Doctor = dataclasses.field(default_factory=Doctor)
    stopping: bool = False
    streams: Streams = dataclasses.field(default_factory=Streams)
    sessions: Sessions = dataclasses.field(default_factory=Sessions)

    def stop(self) -> None:
        """Let streams end."""
        self.stopping = True
        self.sessions.close()

    def board(self) -> dict[str, Any]:
        """The list of runs, and what is being trained."""
        found = self.runs.all()
        rows = []
        for watched in found:
            self.doctor.ask(watched)
            with watched.lock:
                rows.append(views.row(watched))
        return {"runs": rows, "job": self.jobs.plain()}

    def look(self, run: str, page: Page) -> str:
        """What is new of a run to a page, as an event; empty where nothing is."""
        watched = self.runs.one(run)
        self.doctor.ask(watched, full=True)
        with watched.lock:
            now = {**views.now(watched), "job": self.jobs.plain()}
            before, page.now = page.now, json.dumps(now)
            mark, page.mark = page.mark, watched.followed.mark
            if mark == page.mark and before == page.now:
                return ""
            return event("update", json.dumps({**now, "new": watched.followed.since(mark)}), page.mark)


@dataclasses.dataclass
class Page:
    """What a page has of a run: the mark up to which it has the logs, and where the run was."""

    mark: str = ""
    now: str = ""


def studio_app(studio: Studio) -> FastAPI:
    """The application; it stands behind ``serve.guards``."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        studio.doctor.start()
        studio.sessions.warm()
        yield

    app = FastAPI(
        title="ptarmigan studio", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    add_errors(app)
    add_files(app)
    add_views(app, studio)
    add_changes(app, studio)
    add_laboratory(app, studio.sessions, studio.streams, lambda: studio.stopping)
    return app


def add_errors(app: FastAPI) -> None:
    """Errors as one line; what a person can mend is no error of the server's."""

    def said(status: int, headers: dict[str, str] | None = None) -> Callable[[Request, Exception], Response]:
        return lambda _, error: JSONResponse({"detail": printable(one_line(error))}, status, headers)

    app.add_exception_handler(NoSuchRunError, said(404))
    app.add_exception_handler(BusyError, said(503, RETRY))
    app.add_exception_handler(ValueError, said(400))


def add_files(app: FastAPI) -> None:
    """The page, its modules, its style and its words: these files, and no path."""
    files = {file.name: file for file in STATIC.iterdir() if file.suffix in TYPES}

    def file_response(name: str) -> Response:
        if name not in files:
            return JSONResponse({"detail": "there is no such file"}, 404)
        kind = f"{TYPES[files[name].suffix]}; charset=utf-8"
        return Response(read_bytes(files[name]), headers={"content-type": kind, "cache-control": "no-cache"})

    @app.get("/")
    def index() -> Response:
        return file_response("index.html")

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        return file_response(name)

    @app.get("/style.css")
    def style() -> Response:
        both = CSS.encode() + read_bytes(files["studio.css"])
        return Response(
            both, headers={"content-type": "text/css; charset=utf-8", "cache-control": "no-cache"}
        )


def add_views(app: FastAPI, studio: Studio) -> None:
    """What is looked at."""

    @app.get("/api/runs")
    def runs() -> dict[str, Any]:
        return {**studio.board(), "refusal": studio.jobs.refusal, "folder": str(studio.runs.root)}

    @app.get("/api/run")
    def run(run: str) -> dict[str, Any]:
        return views.description(studio.runs.one(run))

    @app.get("/api/picture")
    def picture(run: str, step: Annotated[int, Query(ge=0, le=2**53)]) -> Response:
        data = studio.runs.one(run).picture(step)
        kept = {"cache-control": "private, max-age=60"}
        return Response(data, media_type="image/png", headers=kept)

    @app.get("/api/compare")
    def compare(
        run: Annotated[list[str], Query(min_length=views.FEWEST, max_length=views.MOST)],
    ) -> dict[str, Any]:
        return views.comparison([studio.runs.one(name) for name in dict.fromkeys(run)])

    @app.get("/api/recipes")
    def recipes() -> list[dict[str, str]]:
        return [{"name": name, "summary": zoo.summary(name)} for name in zoo.names()]

    @app.get("/api/recipe")
    def recipe(name: str) -> list[dict[str, Any]]:
        if name not in zoo.names():
            raise NoSuchRunError(f"there is no recipe {name!r}")
        return [dataclasses.asdict(each) for each in form.options(name, studio.jobs.data)]

    @app.get("/api/stream")
    async def stream(
        run: str = "", mark: str = "", last_event_id: Annotated[str, Header(max_length=100)] = ""
    ) -> Response:
        if run:
            await run_in_threadpool(studio.runs.one, run)
        lines = follow_run(studio, run, Page(last_event_id or mark[:100])) if run else follow_board(studio)
        return studio.streams.response(lines)


def add_changes(app: FastAPI, studio: Studio) -> None:
    """What changes something."""

    @app.post("/api/start")
    def start(wanted: Start) -> dict[str, Any]:
        return studio.jobs.start(wanted.recipe, wanted.name, wanted.options).plain()

    @app.post("/api/go-on")
    def go_on(wanted: Named) -> dict[str, Any]:
        return studio.jobs.go_on(studio.runs.one(wanted.run)).plain()

    @app.post("/api/stop")
    def stop(wanted: Named) -> dict[str, Any]:
        studio.jobs.stop(wanted.run)
        return {}


async def follow_board(studio: Studio) -> AsyncIterator[str]:
    """The list of runs whenever it has changed."""
    before = ""
    while not studio.stopping:
        now = json.dumps(await run_in_threadpool(studio.board))
        yield event("runs", now) if now != before else QUIET
        before = now
        await asyncio.sleep(LOOK)


async def follow_run(studio: Studio, run: str, page: Page) -> AsyncIterator[str]:
    """A run whenever it has changed, from what the page has on."""
    while not studio.stopping:
        try:
            yield await run_in_threadpool(studio.look, run, page) or QUIET
        except NoSuchRunError as error:
            yield event("gone", json.dumps(one_line(error)))
            return
        await asyncio.sleep(LOOK)
