"""Made mails: ordinary in size, all different, the same for the same seed, each worth two questions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

_FIRST = (
    "Anna Ben Carla David Elena Farid Grace Hugo Ines Jonas Kemal Lucia Marta Nils Olga Peter Quinn Rosa Sven Tara"
).split()
_LAST = "Adler Brook Castro Dubois Evans Fischer Garcia Hansen Ito Jensen Keller Lopez Moreau Novak Olsen Petit".split()
_THINGS = (
    "delivery note;customer portal;monthly report;price list;warehouse plan;training material;contract draft;"
    "travel booking;test protocol;budget sheet;staff rota;supplier audit;website text;road map;sales forecast"
).split(";")
_PLACES = "Lisbon Vienna Oslo Turin Ghent Porto Lyon Graz Malmo Bilbao Leeds Cork Basel Gdansk".split()
_OPENINGS = {
    "SUPPORT": "We need help with the {thing}: it shows an error message and does not work since {day}.",
    "MEETING": "Could we schedule a meeting about the {thing} on {day}, in {place} or as a video call?",
    "URGENT": "This is urgent: the {thing} for {place} is blocked and needs immediate attention before {day}.",
    "OTHER": "The {thing} from {place} is in the shared folder since {day}, for your information.",
}
_LINES = (
    "The team in {place} has looked at it twice and found number {n} in the list to be the cause.",
    "Our partner {name} says that {n} pieces were counted, while the {thing} names {m}.",
    "Nothing else has changed since the last time we spoke about the {thing}.",
    "In {place} they had the same case in week {m}, and it took {n} hours to find out why.",
    "The figures for {place} are {n} and {m}, which is a little more than planned.",
    "I have put the details into the {thing}, so that {name} can follow each step.",
    "Please send me the number of the {thing} by {day}, so that I can compare it.",
    "Can you tell {name} which of the {n} lines belong to {place}?",
    "For the record, the reference is {n}-{m}, and the contact on our side is {name}.",
    "After the change in {place} we expect about {m} cases a week instead of {n}.",
)
_DAYS = "Monday Tuesday Wednesday Thursday Friday".split()


@dataclass(frozen=True)
class MadeMail:
    """One mail; `text` is its whole body."""

    number: int
    sender_name: str
    sender_address: str
    subject: str
    date: datetime
    text: str


def made_mails(count: int, seed: int) -> Iterator[MadeMail]:
    """`count` mails of 60 to 200 words; no two are the same, in one seed or between seeds."""
    for number in range(count):
        yield _make(random.Random(f"{seed}/{number}"), number, seed)


def write_mbox(path: Path, count: int, seed: int) -> None:
    """The mails as an mbox file."""
    with path.open("wb") as mbox:
        for mail in made_mails(count, seed):
            mbox.write(b"From made@example.com Mon Nov  2 08:00:00 2026\n" + _as_bytes(mail, seed) + b"\n\n")


def _make(rng: random.Random, number: int, seed: int) -> MadeMail:
    def filled(line: str) -> str:
        return line.format(
            thing=rng.choice(_THINGS), place=rng.choice(_PLACES), day=rng.choice(_DAYS), n=rng.randrange(100, 100_000),
            m=rng.randrange(2, 90), name=f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",
        )  # fmt: skip

    opening = rng.choices(list(_OPENINGS.values()), weights=(4, 3, 2, 1))[0]
    paragraphs = [
        " ".join(filled(line) for line in rng.sample(_LINES, rng.randrange(2, 5))) for _ in range(rng.randrange(1, 4))
    ]
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    return MadeMail(
        number=number,
        sender_name=f"{first} {last}",
        sender_address=f"{first}.{last}.{seed}.{number}@example.com".lower(),
        subject=f"{filled('{thing}, {place}').capitalize()} ({number} of {seed})",  # no number of six digits
        date=datetime(2026, 11, 2, 8, tzinfo=UTC) + timedelta(seconds=number),
        text="\n\n".join([f"Hello {rng.choice(_FIRST)},", filled(opening), *paragraphs, f"Best regards\n{first}"]),
    )


def _as_bytes(mail: MadeMail, seed: int) -> bytes:
    message = EmailMessage()
    message["From"] = f"{mail.sender_name} <{mail.sender_address}>"
    message["To"] = "Mail Room <room@example.com>"
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = f"<{seed}.{mail.number}@made.example.com>"
    message.set_content(mail.text, cte="8bit")
    return message.as_bytes()
