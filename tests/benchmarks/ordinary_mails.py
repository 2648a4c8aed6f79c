"""Generated office mails with typical sizes, kinds and attachments. All differ, and they are the same each time.

Of a hundred: 40 plain, 40 text with HTML beside it, 8 HTML alone, 5 with a table as CSV, 3 with a picture, 2 with a
PDF, 1 invitation, 1 bounce. Half of them answer another mail and quote it. About 4 kB on average.
"""

from __future__ import annotations

import base64
import html
import quopri
import random
from datetime import timedelta
from pathlib import Path

from tests.benchmarks.made_mails import MadeMail, made_mails
from tests.tasks.parsing.mails import pdf

KINDS = (
    ["plain"] * 40 + ["both"] * 40 + ["html"] * 8 + ["csv"] * 5 + ["picture"] * 3 + ["pdf"] * 2 + ["calendar", "bounce"]
)
TRANSPORT = (
    "Received: from mx{n}.example.net (mx{n}.example.net [192.0.2.{n}])\n\tby inbound.example.com (Postfix) with "
    "ESMTPS id {m:08X}\n\tfor <room@example.com>; {date}\nReceived: from mail.example.org ([198.51.100.{n}])\n\tby "
    "mx{n}.example.net with ESMTP; {date}\nDKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; "
    "s=s1;\n\th=from:to:subject:date;\n\tbh={m:032x};\n\tb={m:064x}{m:064x}\nAuthentication-Results: "
    "inbound.example.com; dkim=pass; spf=pass\nX-Mailer: Example Mail 16.0\nReturn-Path: <{address}>\n"
)
REPORT = (
    b"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; x@example.org\nAction: failed\nStatus: 5.1.1\n"
)
STYLE = "<style>body{{font-family:sans-serif}} .f{{color:#888}}</style>"


def write_mbox(path: Path, count: int, seed: int) -> None:
    """Write `count` mails, the same for the same seed."""
    with path.open("wb") as mbox:
        for made in made_mails(count, seed):
            raw = ordinary(made, random.Random(made.number * 1_000 + seed))
            mbox.write(
                b"From made@example.com Mon Nov  2 08:00:00 2026\n" + raw.replace(b"\nFrom ", b"\n>From ") + b"\n\n"
            )


def ordinary(made: MadeMail, rng: random.Random) -> bytes:
    """Return the bytes of one mail."""
    text = made.text
    if rng.random() < 0.5:
        text += f"\n\nOn {made.date:%a, %d %b %Y}, Room <room@example.com> wrote:\n" + "".join(
            f"> {line}\n" for line in made.text.split("\n")[::-1]
        )
    kind = rng.choice(KINDS)
    head = header(made, rng)
    if kind == "plain":
        return head + part("text/plain; charset=utf-8", quopri.encodestring(text.encode()), "quoted-printable")
    if kind == "html":
        return head + part("text/html; charset=utf-8", page(text).encode(), "8bit")
    if kind == "both":
        return head + multipart(
            "alternative", plain(text), part("text/html; charset=utf-8", page(text).encode(), "8bit")
        )
    if kind == "bounce":
        return head + multipart("report", plain(text), part("message/delivery-status", REPORT, "7bit"))
    return head + multipart("mixed", plain(text), attachment(kind, made, rng))


def header(made: MadeMail, rng: random.Random) -> bytes:
    date = f"{made.date + timedelta(seconds=3):%a, %d %b %Y %H:%M:%S} +0000"
    transport = TRANSPORT.format(
        n=rng.randrange(1, 250), m=rng.getrandbits(128), date=date, address=made.sender_address
    )
    return (
        f"{transport}From: {made.sender_name} <{made.sender_address}>\nTo: Mail Room <room@example.com>\n"
        f"Subject: {made.subject}\nDate: {date}\nMessage-ID: <{made.number}.{rng.getrandbits(64):x}@example.com>\n"
        "MIME-Version: 1.0\n"
    ).encode()


def part(content_type: str, data: bytes, encoding: str, *fields: str) -> bytes:
    lines = [f"Content-Type: {content_type}", f"Content-Transfer-Encoding: {encoding}", *fields]
    return "\n".join(lines).encode() + b"\n\n" + data


def plain(text: str) -> bytes:
    return part("text/plain; charset=utf-8", text.encode(), "8bit")


def multipart(kind: str, *parts: bytes) -> bytes:
    body = b"".join(b"\n--=_made\n" + one for one in parts)
    return f'Content-Type: multipart/{kind}; boundary="=_made"\n'.encode() + body + b"\n--=_made--\n"


def page(text: str) -> str:
    """Return the HTML that a mail program makes of a text."""
    paragraphs = "".join(
        f'<p style="margin:0 0 1em 0;color:#333">{html.escape(one)}</p>\n' for one in text.split("\n") if one
    )
    foot = '<p class="f">Sent with <a href="https://mail.example.com/app?id=1">Example Mail</a></p>'
    return f"<html><head>{STYLE}</head><body>{paragraphs}{foot}</body></html>"


def attachment(kind: str, made: MadeMail, rng: random.Random) -> bytes:
    """Return the part with the file."""
    if kind == "csv":
        rows = "".join(f"{n};{rng.randrange(10_000)};{rng.randrange(100)}\n" for n in range(40))
        return file("figures.csv", "text/csv", f"number;amount;share\n{rows}".encode())
    if kind == "pdf":
        return file("letter.pdf", "application/pdf", pdf(f"Statement {made.number} of {rng.randrange(10**9)}"))
    if kind == "picture":
        return file("photo.jpg", "image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + rng.randbytes(20_000))
    event = (
        f"BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:{made.number}@example.com\nDTSTAMP:20261101T000000Z\n"
        f"DTSTART:20261119T130000Z\nSUMMARY:{made.subject}\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    return file("invite.ics", "text/calendar; method=REQUEST", event.encode())


def file(name: str, content_type: str, data: bytes) -> bytes:
    return part(content_type, base64.encodebytes(data), "base64", f'Content-Disposition: attachment; filename="{name}"')
