"""The earlier mails of a conversation with their words: those that are processed, and those that we sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from tasks.ledger.engine import reading
from tasks.ledger.messages import insert_new, load_raw
from tasks.ledger.rows import in_batches
from tasks.ledger.schema import sent_texts, thread_mails

_MOST = 20
"""Of a conversation's earlier mails, so many of the newest are looked at."""


@dataclass(frozen=True, kw_only=True)
class SentText:
    """A mail of ours from a folder of sent mail: what it says, from whom, and to whom (as `bare_address`)."""

    mail: str
    at: float
    sender: str
    people: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class EarlierMail:
    """A mail that was written earlier in a conversation; either its bytes are kept or it is one that we sent."""

    mail: str
    at: float
    raw: bytes = b""
    sent: SentText | None = None


def record_sent_texts(engine: Engine, texts: Sequence[SentText]) -> None:
    """Write down what we sent; what is known stays as it is."""
    if texts:
        rows = [{**vars(one), "people": "\n".join(one.people)} for one in texts]
        with engine.begin() as connection:
            insert_new(connection, sent_texts, rows)


def earlier_mails(engine: Engine, keys: Iterable[str]) -> dict[str, list[EarlierMail]]:
    """The mails that were written before each of these in its conversation and whose words are kept, newest first."""
    before = _before(engine, keys)
    names = {name for some in before.values() for name, _ in some}
    raws = {found["message_key"]: found["raw"] for found in load_raw(engine, names)}
    sent = _sent(engine, names - set(raws))
    return {
        key: [
            EarlierMail(mail=name, at=at, raw=raws.get(name, b""), sent=sent.get(name))
            for name, at in some
            if raws.get(name) or name in sent
        ]
        for key, some in before.items()
    }


def _before(engine: Engine, keys: Iterable[str]) -> dict[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = {}
    mail = thread_mails.c
    for some in in_batches(keys):
        with reading(engine) as connection:
            for key, thread, at in connection.execute(
                select(mail.mail, mail.thread, mail.at).where(mail.mail.in_(some))
            ):
                earlier = select(mail.mail, mail.at).where(mail.thread == thread, mail.at < at)
                rows = connection.execute(earlier.order_by(mail.at.desc(), mail.mail).limit(_MOST)).all()
                if rows:
                    found[key] = [(row.mail, row.at) for row in rows]
    return found


def _sent(engine: Engine, names: Iterable[str]) -> dict[str, SentText]:
    found: dict[str, SentText] = {}
    for some in in_batches(names):
        with reading(engine) as connection:
            for row in connection.execute(select(sent_texts).where(sent_texts.c.mail.in_(some))):
                people = tuple(filter(None, row.people.split("\n")))
                found[row.mail] = SentText(mail=row.mail, at=row.at, sender=row.sender, people=people, text=row.text)
    return found
