"""How we write, mail by mail: what was measured in sent mail, and what people changed in replies that they approved.

A person's change counts before what was sent, and what was written to this recipient before what was written to others
in the same language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from sqlalchemy import Engine, select

from tasks.ledger.engine import reading
from tasks.ledger.messages import insert_new
from tasks.ledger.schema import writing_styles

_MOST = 300
"""Of the newest mails in a language, so many tell how we write."""
_TO_HIM, _TO_OTHERS = 2, 3
"""So many sent mails must agree, and be half of those that tell anything."""


@dataclass(frozen=True, kw_only=True)
class StyleRow:
    """One mail of ours; `mail` names it, `mailbox` is the block's name or empty, `recipient` as in `bare_address`."""

    mail: str
    mailbox: str
    recipient: str
    language: str
    way: Literal["sent", "edited"]
    greeting: str
    name: str
    closing: str
    address: str
    words: int
    at: float


@dataclass(frozen=True, kw_only=True)
class UsualStyle:
    """How we usually write to somebody; what is not known is empty, or 0 words."""

    greeting: str = ""
    name: str = ""
    closing: str = ""
    address: str = ""
    words: int = 0


def record_styles(engine: Engine, rows: Sequence[StyleRow]) -> None:
    """Write them down; what is known stays as it is."""
    if rows:
        with engine.begin() as connection:
            insert_new(connection, writing_styles, [vars(one) for one in rows])


def any_styles(engine: Engine) -> bool:
    """Whether anything was measured yet."""
    with reading(engine) as connection:
        return connection.execute(select(writing_styles.c.mail).limit(1)).first() is not None


def usual_styles(engine: Engine, mailbox: str, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], UsualStyle]:
    """How we write from this mailbox to each of these: pairs of recipient and language."""
    pairs, c = set(pairs), writing_styles.c
    languages = {language for _, language in pairs if language}
    if not languages:
        return {}
    found: dict[tuple[str, str], UsualStyle] = {}
    with reading(engine) as connection:
        of_mailbox = select(writing_styles).where(c.mailbox == mailbox)
        for language in languages:
            whom = [recipient for recipient, spoken in pairs if spoken == language]
            newest = of_mailbox.where(c.language == language).order_by(c.at.desc())
            rows = [*connection.execute(newest.limit(_MOST))]
            to_them: dict[str, list[Any]] = {}
            for row in connection.execute(newest.where(c.recipient.in_(whom))):
                to_them.setdefault(row.recipient, []).append(row)
            found |= {(one, language): _usual(to_them.get(one, []), rows) for one in whom}
    return found


def _usual(to_him: Sequence[Any], to_all: Sequence[Any]) -> UsualStyle:
    greeting = _choose(to_him, to_all, lambda row: (row.greeting, row.name) if row.greeting else None)
    return UsualStyle(
        greeting=greeting[0] if greeting else "", name=greeting[1] if greeting else "",
        closing=_choose(to_him, to_all, lambda row: row.closing) or "",
        address=_choose(to_him, to_all, lambda row: row.address) or "",
        words=_words(to_him, to_all),
    )  # fmt: skip


def _words(to_him: Sequence[Any], to_all: Sequence[Any]) -> int:
    for rows, least in ((to_him, _TO_HIM), (to_all, _TO_OTHERS)):
        edited = [row.words for row in rows if row.way == "edited" and row.words][:1]
        sent = [row.words for row in rows if row.way == "sent" and row.words]
        if edited or len(sent) >= least:
            return int(median(edited or sent))
    return 0


def _choose(to_him: Sequence[Any], to_all: Sequence[Any], trait: Callable[[Any], Any]) -> Any:  # noqa: ANN401  # a trait's own type
    """The trait that counts; rows are given newest first."""
    for rows, least in ((to_him, _TO_HIM), (to_all, _TO_OTHERS)):
        edited = [trait(row) for row in rows if row.way == "edited" and trait(row)]
        if edited:
            return edited[0]
        sent = [trait(row) for row in rows if row.way == "sent" and trait(row)]
        if sent:
            most, count = Counter(sent).most_common(1)[0]
            if count >= least and 2 * count >= len(sent):
                return most
    return None
