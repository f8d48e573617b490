"""The documentation as a page: Swagger UI served from this machine, so that nothing is loaded from elsewhere.

Its files come from the package `fastapi-offline`, of which nothing else is used.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from app.api.permitting import SECOND_WALL
from app.errors import PageNotFound

router = APIRouter(include_in_schema=False, dependencies=SECOND_WALL)

FILES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""Swagger UI sets styles inline; scripts come from this service alone."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Placement matching: API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"><noscript>This page needs JavaScript. The API is described in
<a href="/openapi.json">/openapi.json</a>.</noscript></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
"""


@router.get("/docs")
def page() -> Response:
    """The page."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


@router.get("/openapi.json")
def description(request: Request) -> Response:
    """The description of the API for programs."""
    return JSONResponse(request.app.openapi())


@router.get("/docs/start.js")
def start() -> Response:
    """What starts the page: a file of its own, so that no inline script need be allowed."""
    return Response(START, media_type="text/javascript")


@router.get("/docs/{name}")
def file(name: str) -> Response:
    """A file of Swagger UI."""
    folder = _folder()
    if name not in FILES or folder is None:
        raise PageNotFound
    headers = {"Cache-Control": "public, max-age=86400"}
    return FileResponse(folder / name, media_type=FILES[name], headers=headers)


@cache
def _folder() -> Path | None:
    spec = find_spec("fastapi_offline")
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) / "static" if places else None
