"""A bucket for each test, in S3 (moto) and in Google Cloud Storage (an emulator behind a strict proxy)."""

from __future__ import annotations

import json
import logging
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from tests.services.google_storage import GoogleStorage, running_google_storage


class Bucket(Protocol):
    """What a test does with a bucket that it reads by its address."""

    @property
    def address(self) -> str: ...

    def put(self, key: str, content: bytes) -> None: ...

    def delete(self, key: str) -> None: ...

    def refuse(self, key: str = "") -> None:
        """Let nobody read this object, or list the bucket, from now on."""


@dataclass
class S3Bucket:
    """A bucket of moto's; refusing a listing is for all its buckets, as it begins to check rights then."""

    name: str
    server: str
    monkeypatch: pytest.MonkeyPatch

    @property
    def address(self) -> str:
        return f"s3://{self.name}"

    def put(self, key: str, content: bytes) -> None:
        _boto("s3").put_object(Bucket=self.name, Key=key, Body=content)

    def delete(self, key: str) -> None:
        _boto("s3").delete_object(Bucket=self.name, Key=key)

    def refuse(self, key: str = "") -> None:
        if key:
            denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject"}
            statement = {**denied, "Resource": f"arn:aws:s3:::{self.name}/{key}"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            _boto("s3").put_bucket_policy(Bucket=self.name, Policy=policy)
            return
        _boto("iam").create_user(UserName=self.name)
        nobody = _boto("iam").create_access_key(UserName=self.name)["AccessKey"]
        self.monkeypatch.setenv("AWS_ACCESS_KEY_ID", nobody["AccessKeyId"])
        self.monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", nobody["SecretAccessKey"])
        self.check_rights(True)

    def check_rights(self, wanted: bool) -> None:
        unchecked_calls = b"0" if wanted else b"inf"
        request = urllib.request.Request(
            f"{self.server}/moto-api/reset-auth", unchecked_calls, {"content-type": "text/plain"}
        )
        urllib.request.urlopen(request).close()


@dataclass
class GoogleBucket:
    """A bucket of the emulator's."""

    name: str
    store: GoogleStorage

    @property
    def address(self) -> str:
        return f"gs://{self.name}"

    def put(self, key: str, content: bytes) -> None:
        self.store.put(self.name, key, content)

    def delete(self, key: str) -> None:
        self.store.delete(self.name, key)

    def refuse(self, key: str = "") -> None:
        self.store.forbidden.add(f"{self.name}/{key}" if key else self.name)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a running S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Bucket]:
    """A bucket of S3, the environment saying where and with which keys."""
    known = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**known, "AWS_ENDPOINT_URL": s3_server}.items():
        monkeypatch.setenv(name, value)
    bucket = S3Bucket(_new_name(), s3_server, monkeypatch)
    _boto("s3").create_bucket(Bucket=bucket.name)
    yield bucket
    bucket.check_rights(False)


@pytest.fixture(scope="session")
def google_storage() -> Iterator[GoogleStorage]:
    """A running Google Cloud Storage."""
    with running_google_storage() as store:
        yield store


@pytest.fixture
def google_bucket(google_storage: GoogleStorage, monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleBucket]:
    """A bucket of Google's, the environment saying where."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", google_storage.url)
    bucket = GoogleBucket(_new_name(), google_storage)
    google_storage.create_bucket(bucket.name)
    yield bucket
    google_storage.key = None


@pytest.fixture(params=["s3_bucket", "google_bucket"], ids=["s3", "gs"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """A bucket of each store."""
    found: Bucket = request.getfixturevalue(request.param)
    return found


def _new_name() -> str:
    return f"mail-{uuid.uuid4().hex[:12]}"


def _boto(service: str) -> Any:
    import boto3

    return boto3.client(service)
