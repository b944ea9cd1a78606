"""The application of ``ptarmigan serve``: its own endpoints, and those of the Open Inference Protocol v2.

The protocol (github.com/kserve/open-inference-protocol) is spoken by KServe, Triton, Seldon and others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from ptarmigan import __version__
from ptarmigan.core.errors import one_line
from ptarmigan.core.text import printable
from ptarmigan.serve.answers import Answers
from ptarmigan.serve.worker import FullError, LateError, Worker

TYPES = {".png": "image/png", ".csv": "text/csv", ".txt": "text/plain", ".jsonl": "application/jsonl"}
RETRY = {"retry-after": "2"}
SEED = 2**63 - 1


class Sample(BaseModel):
    """A request of samples, as the options of ``ptarmigan sample``."""

    n: int = Field(64, ge=1, description="how many")
    seed: int = Field(0, ge=0, le=SEED, description="the random seed; the first samples do not depend on n")
    given: str = Field("", max_length=1_000, description="the condition of all: a class")
    where: dict[str, str] = Field({}, max_length=100, description="the condition as values of columns")
    truncation: float = Field(1.0, gt=0, le=1, description="below 1, less diverse and more typical samples")
    temperature: float = Field(1.0, gt=0, le=10, description="of text, below 1 the same")
    format: str = Field(".png", max_length=20, description="the ending of a file: .png, .npy, .csv, …")


class Tensor(BaseModel):
    """An input of the Open Inference Protocol: one number or word."""

    name: str = Field(max_length=100)
    shape: list[int] = Field(max_length=8)
    datatype: str = Field(max_length=10)
    data: list[int | float | str] = Field(min_length=1, max_length=1)


class Infer(BaseModel):
    """A request of the Open Inference Protocol."""

    id: str = Field("", max_length=200)
    inputs: list[Tensor] = Field(max_length=8)


def serve_app(
    name: str, answers: Answers, worker: Worker, measured: Callable[[int], Iterable[str]]
) -> FastAPI:
    """The application; it stands behind ``serve.guards``.

    Args:
        name: of the model.
        answers: of the run.
        worker: that works them out.
        measured: the lines of ``/metrics``, from how many requests are under way.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        worker.close()

    app = FastAPI(
        title=f"ptarmigan: {name}", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan
    )
    add_errors(app)
    add_own(app, answers, worker)
    add_protocol(app, name, answers, worker)

    @app.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> str:
        return "\n".join(measured(worker.jobs)) + "\n"

    return app


def add_errors(app: FastAPI) -> None:
    """Errors as one line."""

    def said(status: int, headers: dict[str, str] | None = None) -> Callable[[Request, Exception], Response]:
        return lambda _, error: JSONResponse({"detail": printable(one_line(error))}, status, headers)

    app.add_exception_handler(FullError, said(503, RETRY))
    app.add_exception_handler(LateError, said(503, RETRY))
    app.add_exception_handler(ValueError, said(400))


def add_own(app: FastAPI, answers: Answers, worker: Worker) -> None:
    """What the commands do, and the very bytes that they write."""

    @app.post("/sample", response_class=Response)
    async def sample(wanted: Sample) -> Response:
        """Generate samples: the file that ``ptarmigan sample`` writes with these options."""
        given = answers.condition(wanted.given, wanted.where)
        how = {"seed": wanted.seed, "truncation": wanted.truncation, "temperature": wanted.temperature}
        data = await worker.do(partial(answers.sample, wanted.format, wanted.n, given, **how))
        return Response(data, media_type=TYPES.get(wanted.format, "application/octet-stream"))

    @app.post("/translate", response_class=Response)
    async def translate(
        request: Request,
        content_type: Annotated[str, Header()],
        seed: Annotated[int, Query(ge=0, le=SEED)] = 0,
        direction: Literal["AtoB", "BtoA", ""] = "",
    ) -> Response:
        """Translate the picture that is the body: the file that ``ptarmigan translate`` writes."""
        picture = await request.body()
        data = await worker.do(partial(answers.translate, picture, content_type, seed, direction))
        return Response(data, media_type=content_type)

    @app.post("/detect", response_class=Response)
    async def detect(request: Request, contamination: Annotated[float, Query(gt=0, lt=1)] = 0.1) -> Response:
        """Score the rows that are the body, a CSV file: the file that ``ptarmigan detect`` writes."""
        rows = await request.body()
        return Response(await worker.do(partial(answers.detect, rows, contamination)), media_type="text/csv")


def add_protocol(app: FastAPI, name: str, answers: Answers, worker: Worker) -> None:
    """The Open Inference Protocol v2: health, metadata, and samples as a tensor."""

    def known(model: str) -> None:
        if model != name:
            raise ValueError(f"there is no model {model!r} here; there is {name!r}")

    @app.get("/v2")
    def server() -> dict[str, Any]:
        return {"name": "ptarmigan", "version": __version__, "extensions": []}

    @app.get("/v2/health/live")
    def live() -> dict[str, bool]:
        return {"live": True}

    @app.get("/v2/health/ready")
    def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.get("/v2/models/{model}/ready")
    def model_ready(model: str) -> dict[str, Any]:
        known(model)
        return {"name": name, "ready": True}

    @app.get("/v2/models/{model}")
    async def metadata(model: str) -> dict[str, Any]:
        known(model)
        made = await worker.do(answers.example)
        outputs = [] if made is None else [of_any_number(tensor_of(made))]
        numbers = [{"name": key, "datatype": "INT64", "shape": [1]} for key in ("n", "seed")]
        inputs = [*numbers, {"name": "given", "datatype": "BYTES", "shape": [1]}]
        return {
            "name": name,
            "platform": "ptarmigan",
            "versions": ["1"],
            "inputs": inputs if outputs else [],
            "outputs": outputs,
        }

    @app.post("/v2/models/{model}/infer")
    async def infer(model: str, wanted: Infer) -> dict[str, Any]:
        known(model)
        given = {tensor.name: tensor.data[0] for tensor in wanted.inputs}
        if strange := given.keys() - {"n", "seed", "given"}:
            raise ValueError(f"there is no input {min(strange)!r}; there are n, seed and given")
        n, seed = (whole(given.get(key, default), key) for key, default in (("n", 1), ("seed", 0)))
        wish = answers.condition(str(given.get("given", "")), {})
        generator = answers.generator(n)
        raw = await worker.do(lambda: generator.sample(n, seed=seed, given=wish))
        return {"model_name": name, "model_version": "1", "id": wanted.id, "outputs": [tensor_of(raw)]}


def of_any_number(tensor: dict[str, Any]) -> dict[str, Any]:
    """The description of a tensor of any number of samples, from one of one."""
    return {"name": tensor["name"], "datatype": tensor["datatype"], "shape": [-1, *tensor["shape"][1:]]}


def whole(value: int | float | str, name: str) -> int:
    """A whole number.

    Raises:
        ValueError: it is none, or out of range.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= SEED:
        raise ValueError(f"{name} is a whole number, and not {str(value)[:50]!r}")
    return value


def tensor_of(raw: NDArray[Any]) -> dict[str, Any]:
    """Samples as a tensor of the protocol."""
    kind = {"f": "FP", "i": "INT", "u": "UINT"}.get(raw.dtype.kind, "")
    numeric = raw if kind else raw.astype(np.float64)
    datatype = f"{kind or 'FP'}{8 * numeric.dtype.itemsize}"
    return {"name": "samples", "datatype": datatype, "shape": [*raw.shape], "data": numeric.ravel().tolist()}
