"""The receiver's own pages. They use no other host, and a policy keeps the browser from loading anything else."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)
_FOLDER = Path(__file__).parent / "static"
_PARTS = {
    "page.css": "text/css",
    "upload.js": "text/javascript",
    "docs.js": "text/javascript",
    "mail.js": "text/javascript",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@router.get("/upload")
def upload_page() -> FileResponse:
    """The page for uploads."""
    return FileResponse(_FOLDER / "upload.html", headers=_HEADERS)


@router.get("/mails/{key}")
def mail_page(key: str) -> FileResponse:
    """The page of one mail; what it shows is asked for with the token, so there is nothing of the mail in it."""
    return FileResponse(_FOLDER / "mail.html", headers=_HEADERS)


@router.get("/docs")
def docs_page() -> FileResponse:
    """The page that documents the receiver's API."""
    return FileResponse(_FOLDER / "docs.html", headers=_HEADERS)


@router.get("/static/{name}")
def page_part(name: str) -> FileResponse:
    """A script or style of these pages."""
    if name not in _PARTS:
        raise HTTPException(404, "There is no such page.")
    return FileResponse(_FOLDER / name, media_type=_PARTS[name], headers=_HEADERS)
