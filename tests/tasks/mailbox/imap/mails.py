"""Mails for a mailbox, and how to tell them apart."""

from __future__ import annotations

from tasks.mailbox.raw import RawMail


def mail(number: int, body: str = "Hello.") -> bytes:
    return f"Message-ID: <{number}@test>\r\nSubject: mail {number}\r\n\r\n{body}\r\n".encode()


def uids(rows: list[RawMail]) -> list[int]:
    return [row.origin.uid or 0 for row in rows]
