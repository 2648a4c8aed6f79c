"""Google Cloud Storage on loopback: an emulator behind a proxy that is as strict as Google.

The emulator is others' work, but it gives whole listings, takes any parameter, and asks nobody who they are. The door
cuts listings into pages, refuses what Google would refuse, and checks tokens where it was told to.
"""

from __future__ import annotations

import base64
import json
import logging
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

PAGE_ROWS = 7
LISTING = {"prefix", "delimiter", "pageToken", "maxResults"}
ACCOUNT = "reader@example.iam.gserviceaccount.com"
READ_ONLY = "https://www.googleapis.com/auth/devstorage.read_only"
EMPTY = b"--b\r\ncontent-type: application/json\r\n\r\n{}\r\n--b\r\ncontent-type: text/plain\r\n\r\n\r\n--b--"


@dataclass
class GoogleStorage:
    """A running store; everybody may do everything until `only_with_keys` is called."""

    url: str = ""
    emulator: str = ""
    fetched: list[str] = field(default_factory=list)
    """`bucket/key` of every object whose bytes were asked for, in that order."""
    forbidden: set[str] = field(default_factory=set)
    """Buckets, and objects as `bucket/key`, that nobody may read."""
    key: rsa.RSAPrivateKey | None = None
    token: str = ""
    at_once: Lock = field(default_factory=Lock)
    """The emulator takes one request at a time."""

    def create_bucket(self, bucket: str) -> None:
        self._post("/storage/v1/b?project=any", json.dumps({"name": bucket}).encode(), "application/json")

    def put(self, bucket: str, key: str, content: bytes) -> None:
        path = f"/upload/storage/v1/b/{bucket}/o?name={quote(key, safe='')}"
        if content:
            self._post(f"{path}&uploadType=media", content, "application/octet-stream")
        else:  # which the emulator takes in parts alone
            self._post(f"{path}&uploadType=multipart", EMPTY, "multipart/related; boundary=b")

    def delete(self, bucket: str, key: str) -> None:
        path = f"{self.emulator}/storage/v1/b/{bucket}/o/{quote(key, safe='')}"
        urllib.request.urlopen(urllib.request.Request(path, method="DELETE")).close()

    def only_with_keys(self, file: Path) -> None:
        """Refuse from now on who has no token; write the keys of an account that gets one."""
        self.key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {"type": "service_account", "client_email": ACCOUNT, "private_key": pem.decode()}
        file.write_text(json.dumps({**account, "token_uri": f"{self.url}/token"}))

    def _post(self, path: str, body: bytes, content_type: str) -> None:
        request = urllib.request.Request(self.emulator + path, body, {"content-type": content_type})
        urllib.request.urlopen(request).close()


class Refused(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: GoogleStorage

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._give_token)

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self, act: Any) -> None:
        try:
            status, headers, body = act()
        except Refused as error:
            status, headers = error.status, {}
            body = json.dumps({"error": {"code": status, "message": str(error)}}).encode()
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        with suppress(ConnectionError):  # gcsfs asks for the same thing in two ways, and hangs up on the slower one
            self.end_headers()
            self.wfile.write(body)

    def _get(self) -> tuple[int, dict[str, str], bytes]:
        if self.store.key and self.headers.get("authorization") != f"Bearer {self.store.token}":
            raise Refused(401, "Anonymous caller does not have storage.objects.list access to the bucket.")
        parts = urlsplit(self.path)
        told = dict(parse_qsl(parts.query, keep_blank_values=True))
        match parts.path.removeprefix("/download").split("/")[1:]:
            case ["storage", "v1", "b", bucket, "o"]:
                self._check(bucket)
                return self._list(parts.path, told)
            case ["storage", "v1", "b", bucket, "o", key]:
                self._check(bucket, unquote(key))
                return self._object(bucket, unquote(key), told)
        raise Refused(404, "Not Found")

    def _check(self, bucket: str, key: str = "") -> None:
        if {bucket, f"{bucket}/{key}"} & self.store.forbidden:
            right = "storage.objects.get" if key else "storage.objects.list"
            raise Refused(403, f"{ACCOUNT} does not have {right} access to the bucket.")

    def _list(self, path: str, told: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if not set(told) <= LISTING or not 0 < int(told.get("maxResults", 1)) <= 1000:
            raise Refused(400, "Invalid argument.")
        start = 0
        if "pageToken" in told:
            shown = base64.b64decode(told["pageToken"]).decode().partition("\n")
            if shown[2] != told.get("prefix", ""):
                raise Refused(400, "Invalid page token: it is of another listing.")
            start = int(shown[0])
        query = "".join(f"&{name}={quote(told[name], safe='')}" for name in ("prefix", "delimiter") if told.get(name))
        _, _, body = self._ask(f"{path}?{query.lstrip('&')}")
        items = json.loads(body)["items"]
        end = start + min(PAGE_ROWS, int(told.get("maxResults", PAGE_ROWS)))
        page: dict[str, Any] = {"kind": "storage#objects", "items": items[start:end]}
        if end < len(items):
            page["nextPageToken"] = base64.b64encode(f"{end}\n{told.get('prefix', '')}".encode()).decode()
        return 200, {"content-type": "application/json"}, json.dumps(page).encode()

    def _object(self, bucket: str, key: str, told: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if told not in ({}, {"alt": "media"}) or bool(told) != self.path.startswith("/download"):
            raise Refused(400, "Invalid argument.")
        if told:
            self.store.fetched.append(f"{bucket}/{key}")
        return self._ask(self.path, **({"range": asked} if (asked := self.headers.get("range")) else {}))

    def _ask(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        try:
            request = urllib.request.Request(self.store.emulator + path, headers=headers)
            with self.store.at_once, urllib.request.urlopen(request) as reply:
                kept = {name: reply.headers[name] for name in ("content-type", "content-range") if reply.headers[name]}
                return reply.status, kept, reply.read()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, "The specified bucket or object does not exist.") from error

    def _give_token(self) -> tuple[int, dict[str, str], bytes]:
        """Answer as Google's token endpoint does to an account that proves itself by its key (RFC 7523)."""
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        assert self.path == "/token", self.path
        assert self.store.key, "nobody needs a token here"
        head, claims, signature = form["assertion"][0].split(".")
        self.store.key.public_key().verify(
            _decode(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256()
        )
        wanted = json.loads(_decode(claims))
        if wanted["iss"] != ACCOUNT or wanted["exp"] < time.time() or wanted["scope"] != READ_ONLY:
            raise Refused(400, "invalid_grant")
        self.store.token = secrets.token_hex(8)
        reply = {"access_token": self.store.token, "expires_in": 3600, "token_type": "Bearer"}
        return 200, {"content-type": "application/json"}, json.dumps(reply).encode()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@contextmanager
def running_google_storage() -> Iterator[GoogleStorage]:
    """A running store with nothing in it."""
    from gcp_storage_emulator.server import APIThread
    from gcp_storage_emulator.storage import Storage

    logging.getLogger("gcp_storage_emulator").setLevel(logging.CRITICAL)
    store = GoogleStorage()
    emulator = APIThread("127.0.0.1", 0, Storage(use_memory_fs=True), daemon=True)
    emulator.start()
    emulator.is_running.wait()
    door = _Server(("127.0.0.1", 0), type("Door", (_Door,), {"store": store}))
    store.emulator = f"http://127.0.0.1:{emulator._httpd.server_address[1]}"
    store.url = f"http://127.0.0.1:{door.server_address[1]}"
    Thread(target=door.serve_forever, daemon=True).start()
    try:
        yield store
    finally:
        door.shutdown()
        door.server_close()
        emulator.join()
