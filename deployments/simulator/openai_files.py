"""OpenAI's files: uploaded as a form, kept in memory, read back whole."""

import time
from io import BytesIO

from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File

from deployments.simulator.batches import StoredFile
from deployments.simulator.openai_wire import check_key, refuse
from deployments.simulator.state import SimulatorState
from deployments.simulator.wire import JsonObject, Reply, Request, as_json, new_id

_PURPOSES = frozenset({"assistants", "batch", "fine-tune", "vision", "user_data", "evals"})
# platform.openai.com/docs/api-reference/files/create, platform.openai.com/docs/guides/batch
_MOST_BYTES, _MOST_BATCH_BYTES = 512_000_000, 200_000_000


def upload(request: Request, state: SimulatorState) -> Reply:
    """Answer `POST /v1/files`."""
    check_key(request, state)
    fields, files = _read_form(request)
    purpose = fields.get("purpose", "")
    if purpose not in _PURPOSES:
        raise refuse(400, f"'{purpose}' is not one of {sorted(_PURPOSES)} - 'purpose'", param="purpose")
    if "file" not in files:
        raise refuse(400, "'file' is a required property", param="file")
    name, content = files["file"]
    if len(content) > (_MOST_BATCH_BYTES if purpose == "batch" else _MOST_BYTES):
        raise refuse(413, "The file is too large.", param="file")
    if purpose == "batch" and not name.endswith(".jsonl"):
        raise refuse(400, "Invalid file format for Batch API. Must be .jsonl", param="file")
    return as_json(as_object(store(state, name, purpose, content)))


def retrieve(request: Request, state: SimulatorState) -> Reply:
    """Answer `GET /v1/files/{id}`."""
    return as_json(as_object(_find(request, state)))


def content(request: Request, state: SimulatorState) -> Reply:
    """Answer `GET /v1/files/{id}/content`."""
    return Reply(body=_find(request, state).content, content_type="application/octet-stream")


def delete(request: Request, state: SimulatorState) -> Reply:
    """Answer `DELETE /v1/files/{id}`."""
    found = _find(request, state)
    del state.files[found.id]
    return as_json({"id": found.id, "object": "file", "deleted": True})


def store(state: SimulatorState, name: str, purpose: str, content: bytes) -> StoredFile:
    """Return a new file, kept until it is deleted."""
    file = StoredFile(id=new_id("file-"), name=name, purpose=purpose, content=content, created=time.time())
    state.files[file.id] = file
    return file


def as_object(file: StoredFile) -> JsonObject:
    """Return OpenAI's file object."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": len(file.content),
        "created_at": int(file.created),
        "expires_at": None,
        "filename": file.name,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }


def _find(request: Request, state: SimulatorState) -> StoredFile:
    check_key(request, state)
    file_id = request.path.split("/")[3]
    if file_id not in state.files:
        raise refuse(404, f"No such File object: {file_id}", param="id")
    return state.files[file_id]


def _read_form(request: Request) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """Return the fields of a form, and its files as name and content."""
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}

    def keep_field(field: Field) -> None:
        fields[(field.field_name or b"").decode()] = (field.value or b"").decode()

    def keep_file(file: File) -> None:
        file.file_object.seek(0)
        files[(file.field_name or b"").decode()] = ((file.file_name or b"").decode(), file.file_object.read())
        file.close()

    kind = request.headers.get("content-type", "").encode()
    try:
        parse_form({"Content-Type": kind}, BytesIO(request.body), keep_field, keep_file)
    except (FormParserError, ValueError) as e:
        raise refuse(400, "Could not parse multipart form") from e
    return fields, files
