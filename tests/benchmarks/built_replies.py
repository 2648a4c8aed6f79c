"""Replies and forwards built like those of mail clients, so that the author of each sentence is known."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.benchmarks.reply_languages import ADDRESS, NAME, TONGUES, Tongue

PLACES = ("top", "directly above", "between", "below", "under the signature")
SUBJECT = "Chairs"
WHO = f"{NAME} <{ADDRESS}>"


@dataclass(frozen=True, kw_only=True)
class Built:
    """A mail, and the sentences of its author (`own`) and of the mail it answers or forwards (`old`)."""

    name: str
    raw: bytes
    own: tuple[str, ...]
    old: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Client:
    """How a client writes the head of the other mail, as plain text and as HTML.

    `marked` history has marks or elements.
    """

    head: Callable[[Tongue], str]
    page: tuple[str, str, str]
    """HTML before the head, after the head, and at the end."""
    marked: bool = False
    marked_page: bool = False
    """So that answers can stand between; then `page` holds what opens and closes each quoted element."""


def block(order: str, *, address: bool = True, lead: str = "") -> Callable[[Tongue], str]:
    """The header fields in this order: f, d, t and s."""

    def lines(tongue: Tongue) -> str:
        values = {"f": WHO if address else NAME, "d": tongue.date, "t": "Ann Lee", "s": SUBJECT}
        labels = dict(zip("fdts", tongue.labels, strict=True))
        head = lead.format(original=tongue.original)
        return "\n".join([*([head] if head else []), *(f"{labels[one]}: {values[one]}" for one in order)])

    return lines


def said(tongue: Tongue) -> str:
    return tongue.said.format(who=WHO)


def forward_head(tongue: Tongue) -> str:
    """What clients that put no header fields above an answer put above a forward."""
    return f"{tongue.forwarded}\n\n{block('fsdt')(tongue)}\n"


CLIENTS = {
    "outlook": Client(head=block("fdts", address=False), page=('<div id="divRplyFwdMsg">', "</div><div>", "</div>")),
    "outlook with addresses": Client(
        head=block("fdts"),
        page=("<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>", "</div>", ""),
    ),
    "outlook on the web": Client(head=block("fdts", lead="_" * 32), page=("<hr><div dir='ltr'>", "</div>", "")),
    "older outlook": Client(head=block("fdts", lead="-----{original}-----"), page=("<hr><p>", "</p>", "")),
    "outlook for mac": Client(head=said, page=("<div>", "</div><div>", "</div>")),
    "gmail": Client(
        head=said, marked=True, marked_page=True,
        page=('<div class="gmail_attr">', '</div><blockquote class="gmail_quote">', "</blockquote>"),
    ),
    "apple mail": Client(
        head=said, marked=True, marked_page=True,
        page=('<blockquote type="cite"><div>', '</div></blockquote><blockquote type="cite">', "</blockquote>"),
    ),
    "thunderbird": Client(
        head=said, marked=True, marked_page=True,
        page=('<div class="moz-cite-prefix">', '<br></div><blockquote type="cite" cite="mid:x">', "</blockquote>"),
    ),
    "yahoo": Client(head=said, page=('<div class="ydp1yahoo_quoted"><div>', "</div>", "</div>")),
    "yandex": Client(
        head=lambda _tongue: f'02.11.2026, 19:14, "{NAME}" <{ADDRESS}>:', marked=True, marked_page=True,
        page=("<div>", "</div><blockquote>", "</blockquote>"),
    ),
    "mail.ru": Client(
        head=lambda _tongue: f"Понедельник, 2 ноября 2026, 19:14 +03:00 от {WHO}:", marked=True, marked_page=True,
        page=("", "<br><blockquote style='border-left:1px solid #0857A6'>", "</blockquote>"),
    ),
    "zoho": Client(
        head=lambda _tongue: f"---- On Mon, 02 Nov 2026 19:14:00 +0100 {WHO} wrote ----", marked_page=True,
        page=('<div class="zmail_extra"><div>', "</div><blockquote>", "</blockquote></div>"),
    ),
    "hotmail": Client(head=block("dfts"), page=('<hr id="stopSpelling">', "<br><br>", "")),
    "samsung": Client(
        head=block("fdts", address=False, lead="-------- {original} --------"), page=("<div>", "</div><div>", "</div>")
    ),
    "gmx": Client(
        head=block("dfts"), page=('<div name="quote" style="border-left:2px solid #C3D9E5"><div>', "</div>", "</div>")
    ),
    "aol": Client(head=block("ftds", lead="-----{original}-----"), page=("<div>", "</div><div>", "</div>")),
}  # fmt: skip


def build(client: str, language: str, kind: str, place: str, *, forward: bool = False, sentence: str = "") -> Built:
    """The mail of this client in this language, `plain` or `html`, with the author's only sentence in this place."""
    tongue, how = TONGUES[language], CLIENTS[client]
    prefix = tongue.reply
    if forward:
        begun = how.head in (said, *(CLIENTS[name].head for name in ("yandex", "mail.ru", "zoho")))
        prefix = "Fwd" if begun else tongue.forward
        how = replace(how, head=forward_head) if begun else how
    own = (sentence or tongue.own[0],)
    body = plain_body(tongue, how, own[0], place) if kind == "plain" else html_body(tongue, how, own[0], place)
    head = (
        f"From: Ann Lee <ann@example.org>\nTo: {WHO}\nSubject: {prefix}: {SUBJECT}\n"
        f"Date: Tue, 3 Nov 2026 09:00:00 +0100\n"
        f"Message-ID: <{client}.{language}.{kind}.{place}@built.example>\nMIME-Version: 1.0\n"
        f"Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    ).replace(".under the", ".under")
    name = f"{client}, {language}, {kind}, {place}" + (", forward" if forward else "")
    return Built(name=name, raw=(head + body).encode(), own=own, old=tongue.old)


def plain_body(tongue: Tongue, how: Client, own: str, place: str) -> str:
    mark = "> " if how.marked else ""
    old = [f"{mark}{line}" for line in tongue.old]
    above, between, below = ("" if place != at else own for at in ("top", "between", "below"))
    history = [old[0], *(["", between, ""] if between else []), *old[1:], *(["", below] if below else [])]
    signed = [tongue.closing, "Ann Lee"] if place != "below" else []
    sign = ["-- ", "Ann Lee", "Lee Ltd", "", own, ""] if place == "under the signature" else signed
    top = [tongue.greeting, "", *([above, ""] if above else []), *sign]
    gap = [own] if place == "directly above" else [""]
    head = how.head(tongue)
    if how.marked and head.startswith(tongue.forwarded):
        head = "\n".join(f"{mark}{line}" for line in head.split("\n"))
    return "\n".join([*top, *gap, head, *([] if how.marked else [""]), *history, ""])


def html_body(tongue: Tongue, how: Client, own: str, place: str) -> str:
    before, after, end = how.page
    words = {at: f"<p>{html.escape(own)}</p>" if place == at else "" for at in PLACES}
    head = "<br>".join(html.escape(line) for line in how.head(tongue).split("\n"))
    old = [f"<p>{html.escape(line)}</p>" for line in tongue.old]
    reopened = words["between"]
    if how.marked_page and reopened:
        opening = after[after.index("<blockquote") :]
        reopened = f"</blockquote>{reopened}{opening}"
    top = f"<p>{tongue.greeting}</p>{words['top']}<p>{tongue.closing}<br>Ann Lee</p>"
    signed = f"<p>--&nbsp;</p><p>Ann Lee</p>{words[PLACES[4]]}" if words[PLACES[4]] else ""
    return (
        f"<html><body>{top}{signed}{words['directly above']}{before}{head}{after}{old[0]}{reopened}{''.join(old[1:])}"
        f"{end}{words['below']}</body></html>"
    )


def built_replies() -> Iterator[Built]:
    """Yield answers of each client in each language, as text and as HTML.

    The author's sentence stands in each place in turn.
    """
    for number, (client, language, kind) in enumerate(combinations()):
        yield build(client, language, kind, PLACES[number % len(PLACES)])
        yield build(client, language, kind, "top")


def built_forwards() -> Iterator[Built]:
    """Forwards of each client in each language, as text and as HTML."""
    for client, language, kind in combinations():
        yield build(client, language, kind, "top", forward=True)


def combinations() -> Iterator[tuple[str, str, str]]:
    for client in CLIENTS:
        for language in TONGUES:
            yield from ((client, language, kind) for kind in ("plain", "html"))
