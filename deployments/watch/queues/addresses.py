"""Addresses of queues: `redis://HOST/0/STREAM`, `amqp://HOST/VHOST/QUEUE`, `nats://HOST/STREAM`, `kafka://HOST/TOPIC`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from tasks.errors import Misconfigured

if TYPE_CHECKING:
    from deployments.watch.queues.kinds import MailQueue

_SCHEMES = {
    "redis": "redis_stream", "rediss": "redis_stream", "amqp": "amqp_queue", "amqps": "amqp_queue",
    "nats": "nats_stream", "tls": "nats_stream", "kafka": "kafka_topic",
}  # fmt: skip
_EXTRAS = {"redis_stream": "redis", "amqp_queue": "amqp", "nats_stream": "nats", "kafka_topic": "kafka"}


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueAddress:
    """An address, taken apart; `broker` may hold a password, `place` never does."""

    name: str
    """The stream, queue or topic."""
    place: str
    parts: SplitResult = field(repr=False)
    """The broker's own address: all but the name."""

    @property
    def broker(self) -> str:
        """The broker's own address."""
        return self.parts.geturl()

    @property
    def hosts(self) -> list[str]:
        """`HOST:PORT` of each server; there may be several, with commas between."""
        return self.parts.netloc.rpartition("@")[2].split(",")

    @property
    def user_and_password(self) -> tuple[str, str] | None:
        """Who logs in, and how; null where the address says nothing of it."""
        told, at, _ = self.parts.netloc.rpartition("@")
        user, _, password = told.partition(":")
        return (unquote(user), unquote(password)) if at else None

    @property
    def options(self) -> Mapping[str, str]:
        """What stands behind the `?`."""
        return dict(parse_qsl(self.parts.query))


def read_address(address: str, broker: str) -> QueueAddress:
    """The address of a queue: one with a scheme, or a name alone, which is looked for at `broker`.

    Raises:
        Misconfigured: It is neither. What stands in `broker` is not repeated: it may hold a password.
    """
    alone = "://" not in address
    parts = urlsplit(broker if alone else address)
    if alone:
        parts = parts._replace(path=f"{parts.path.rstrip('/')}/{quote(address, safe='')}")
    path, _, name = parts.path.rpartition("/")
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme not in _SCHEMES or not host or not name:
        told = "MAILROOM_WATCH_BROKER_URL" if alone else "The address of a queue"
        wanted = ", ".join(f"`{scheme}://`" for scheme in _SCHEMES)
        raise Misconfigured(f"{told} must begin with one of {wanted} and name a host, and the queue must have a name.")
    return QueueAddress(
        name=unquote(name), place=f"{parts.scheme}://{host}{path}/{name}", parts=parts._replace(path=path or "/")
    )


def open_queue(address: QueueAddress) -> MailQueue[Any]:
    """The queue at this address; nothing is asked yet.

    Raises:
        Misconfigured: The extra that it needs is not installed, or the address is none.
    """
    kind = _SCHEMES[address.parts.scheme]
    try:
        module = importlib.import_module(f"deployments.watch.queues.{kind}")
    except ImportError as error:
        extra = _EXTRAS[kind]
        raise Misconfigured(f"`{address.place}` needs the extra: pip install 'mailroom[{extra}]'.") from error
    opener: Callable[[QueueAddress], MailQueue[Any]] = module.open_address
    return opener(address)
