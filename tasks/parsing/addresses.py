"""Reads address fields: RFC 5322's mailboxes, routes and groups, and what people and programs write instead.

The address is the one in angle brackets at the end; all that stands before it is a name, also where it has commas or
another address in it. Every step takes time in proportion to the field's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import NamedTuple

from tasks.parsing.headers import ENCODED_WORD, decode_text, decode_words, plain

MAILBOX = re.compile(
    r"\s*(?:([A-Za-z0-9 ._'-]{0,80})<([A-Za-z0-9._+=~-]{1,64}@[A-Za-z0-9.-]{1,190})>"
    r"|([A-Za-z0-9._+=~-]{1,64}@[A-Za-z0-9.-]{1,190}))\s*"
)
# Lengths as RFC 5321 has them: without them the search takes quadratic time.
ANYWHERE = re.compile(r"[^\s<>\"',;:()\[\]@]{1,64}@(?:\[[^\[\]\s<>@]{1,64}\]|[^\s<>\"',;:()\[\]@]{1,255})")
PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
QUOTE = re.compile(r'\\.|"', re.DOTALL)
QUOTED_LOCAL = re.compile(r'"(?:[^"\\]|\\.){1,64}"@[^\s<>\"\',;:()@]{1,255}')
# RFC 822 allowed blanks round the `@` and the dots of an address.
BLANKS = re.compile(r"\s*(@)\s*|(?<=[^\s.])\s(\.)\s(?=[a-z]{2,}$)")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
COMMENT = re.compile(r"\([^()]*\)")
SPECIAL = re.compile(r'["(<,;:]')
# `Mail Delivery System <MAILER-DAEMON>`, and the same the other way round with a comment.
LOCAL_USER = re.compile(r"([^<>()]*)<([^<>\s]*)>|([^<>()\s\"]+)\s+\(([^()]*)\)")
EMPTY_GROUP = re.compile(r"[^:;]*:\s*;?")
MAX_ADDRESSES = 1_000
# Of all fields of one name together.
MAX_ADDRESS_CHARS = 65_536


class Piece(NamedTuple):
    """A piece of a field: `kind` is `text`, `quoted`, `comment`, `angle`, `,`, `;` or `:`."""

    kind: str
    text: str


def read_addresses(raws: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return (name, address) of each mailbox; where nothing can be parsed the field's text stands as the address."""
    found: list[tuple[str, str]] = []
    chars = 0
    for raw in raws:
        text = plain(raw)
        if text.strip():
            found += parse_addresses(text)
        chars += len(raw)
        if len(found) >= MAX_ADDRESSES or chars >= MAX_ADDRESS_CHARS:
            break
    return tuple(found[:MAX_ADDRESSES])


def parse_addresses(text: str) -> list[tuple[str, str]]:
    """Return the mailboxes of one field's text, which may still have encoded words in it."""
    if simple := MAILBOX.fullmatch(text):  # most are
        return [(" ".join((simple[1] or "").split()), normal_address(simple[2] or simple[3]))]
    if "=?" in text:
        text = with_encoded_addresses(text)
    if mailboxes := list(islice(read_mailboxes(text), MAX_ADDRESSES)):
        return mailboxes
    bare = decode_text(text).strip()
    if EMPTY_GROUP.fullmatch(bare):  # as in `undisclosed-recipients:;`
        return []
    return [mailbox for mailbox in [without_domain(bare)] if any(mailbox)]


def with_encoded_addresses(text: str) -> str:
    """Return a field with those encoded words decoded that have an address in them, as some senders write them."""
    if "@" not in ENCODED_WORD.sub("", text):
        return decode_words(text)
    return ENCODED_WORD.sub(lambda word: decode_words(word[0]) if "<" in word[0] else word[0], text)


def without_domain(text: str) -> tuple[str, str]:
    """Return the mailbox of a field without any address: one word may be a user of the sender's own machine."""
    named = LOCAL_USER.fullmatch(text)
    if named:
        return (named[1] or named[4] or "").strip(' "'), named[2] or named[3] or ""
    return ("", text) if " " not in text else (text.strip('"()'), "")


def read_mailboxes(text: str) -> Iterator[tuple[str, str]]:
    """Give the mailboxes that have an address; words before a comma belong to the address in brackets after it."""
    before: list[Piece] = []
    for segment in split_segments(list(split_pieces(text))):
        bracketed = next((i for i in range(len(segment) - 1, -1, -1) if is_address_in_brackets(segment[i])), None)
        if bracketed is not None:
            yield in_brackets([*before, *segment[:bracketed]], segment[bracketed], segment[bracketed + 1 :])
        elif mailbox := without_brackets(segment):
            yield mailbox
        else:
            before += [*segment, Piece(",", ", ")]
            continue
        before = []


def split_pieces(text: str) -> Iterator[Piece]:
    """Give the pieces of a field; a quote, comment or bracket that never ends is a character like others."""
    ends = matching_parentheses(text) | closing_quotes(text)
    last_bracket, at, start = text.rfind(">"), 0, 0
    while special := SPECIAL.search(text, at):
        at = special.start()
        piece, end = piece_at(text, at, ends, last_bracket)
        if piece is None:
            at += 1
            continue
        if start < at:
            yield Piece("text", text[start:at])
        yield piece
        at = start = end
    if start < len(text):
        yield Piece("text", text[start:])


def piece_at(text: str, at: int, ends: dict[int, int], last_bracket: int) -> tuple[Piece | None, int]:
    """Return the piece that begins with the special character at a place, and its end; None where none does."""
    special, end = text[at], ends.get(at, -1)
    if special == '"' and (local := QUOTED_LOCAL.match(text, at)):
        return Piece("text", local[0]), local.end()
    if special in '"(':
        kind, inside = ("quoted" if special == '"' else "comment"), text[at + 1 : end]
        return (Piece(kind, ESCAPED.sub(r"\1", inside)), end + 1) if end > 0 else (None, at)
    if special == "<":
        return angle_at(text, at, last_bracket)
    return Piece(special, special), at + 1


def angle_at(text: str, at: int, last_bracket: int) -> tuple[Piece | None, int]:
    """Return what stands in angle brackets, which a sender may have forgotten to close."""
    end = text.find(">", at) if at < last_bracket else -1
    if end < 0:
        address = ANYWHERE.match(text, at + 1)
        return (Piece("angle", address[0]), address.end()) if address else (None, at)
    if "<" in text[at + 1 : end]:
        return None, at
    return Piece("angle", text[at + 1 : end]), end + 1


def matching_parentheses(text: str) -> dict[int, int]:
    """Return where each parenthesis that is closed ends."""
    opened: list[int] = []
    closed: dict[int, int] = {}
    for mark in PARENTHESIS.finditer(text):
        if mark[0] == "(":
            opened.append(mark.start())
        elif mark[0] == ")" and opened:
            closed[opened.pop()] = mark.start()
    return closed


def closing_quotes(text: str) -> dict[int, int]:
    """Return the next quotation mark after each; those behind a backslash are none."""
    marks = [mark.start() for mark in QUOTE.finditer(text) if mark[0] == '"'] if '"' in text else []
    return dict(pairwise(marks))


def split_segments(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Give what stands between commas and semicolons, without the names of groups."""
    segment: list[Piece] = []
    ends_of_groups = sum(piece.kind == ";" for piece in pieces)
    for piece in pieces:
        if piece.kind in ",;":
            yield segment
            segment = []
            ends_of_groups -= piece.kind == ";"
        elif piece.kind == ":" and (ends_of_groups or is_scheme(segment)):
            segment = []
        else:
            segment.append(piece)
    yield segment


def is_scheme(segment: list[Piece]) -> bool:
    return len(segment) == 1 and segment[0].text.strip().lower() == "mailto"


def is_address_in_brackets(piece: Piece) -> bool:
    return piece.kind == "angle" and "@" in piece.text


def in_brackets(before: list[Piece], address: Piece, after: list[Piece]) -> tuple[str, str]:
    """Return the mailbox of an address in angle brackets; a comment behind it belongs to the name."""
    comments = [piece for piece in after if piece.kind == "comment"]
    name = name_of([*before, *comments]) or name_of(after)
    return name, clean_address(address.text)


def without_brackets(segment: list[Piece]) -> tuple[str, str] | None:
    """Return the mailbox of an address without brackets around it; None where there is no address."""
    for at, piece in enumerate(segment):
        if piece.kind != "text":
            continue
        text = BLANKS.sub(r"\1\2", piece.text.rstrip()) if len(piece.text) < 400 else piece.text
        found = QUOTED_LOCAL.search(text) or ANYWHERE.search(text)
        if found:
            words = [Piece("text", text[: found.start()]), Piece("text", text[found.end() :])]
            rest = [*segment[:at], *words, *segment[at + 1 :]]
            comments = [one for one in rest if one.kind == "comment"]
            words_alone = name_of([one for one in rest if one.kind != "comment"]).strip("[]{}<>\"' -")
            name = name_of(rest) if words_alone else " ".join(name_of([Piece("text", one.text)]) for one in comments)
            return name.strip("[]<> \"'"), clean_address(found[0])
    return None


def name_of(pieces: list[Piece]) -> str:
    """Return the name that some pieces make, decoded and on one line."""
    written = {"comment": "({})", "angle": "<{}>"}
    text = "".join(
        f" {written[piece.kind].format(piece.text)} " if piece.kind in written else piece.text for piece in pieces
    )
    name = " ".join(decode_text(text).split()).strip(' ,;"')
    if len(name) > 1 and name[0] == name[-1] == "'":
        name = name[1:-1].strip()
    return "" if set(name) <= set("<>") else name


def clean_address(text: str) -> str:
    """Return what stands in angle brackets as an address: without a route, comments and blanks."""
    if "=?" in text:
        text = decode_text(text)
    text = COMMENT.sub("", text).strip()
    if text.startswith("@") and ":" in text:  # RFC 5321's source route, `@a,@b:ann@c`
        text = text.rpartition(":")[2]
    text = text.removeprefix("mailto:").removeprefix("MAILTO:")
    squeezed = text if text.startswith('"') else "".join(text.split())
    return normal_address(decode_text(squeezed).strip("<>,;"))


def normal_address(address: str) -> str:
    """Return an address with its domain in lower case; other text as it is."""
    local, at, domain = address.rpartition("@")
    return f"{local}@{domain.lower().rstrip('.')}" if at else address
