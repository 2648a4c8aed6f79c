"""What is new in a mail, what it quotes, and its signatures: a scanner of lines.

No library here: each one tried runs patterns over the whole body and hangs on hostile input. This one looks at a line
at a time, skips long lines, and wants two signs before it believes that another's words begin. What the header says of
the mail (`MailContext`) decides what such words are: history in an answer, content in a forward.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from tasks.parsing.attributions import attribution
from tasks.parsing.client_words import BEFORE_WORDS, COLONS
from tasks.parsing.header_blocks import MAX_LINE
from tasks.parsing.html_quotes import HEADER_MARK, INDENT, MARK_END, QUOTE, SAID_BY
from tasks.parsing.inner_headers import header_at, is_forwarded
from tasks.parsing.mail_context import MailContext
from tasks.parsing.separators import DASHES, begins_forward, separates
from tasks.parsing.signatures import split_signature

# History never begins below so many lines, and looking for it there would take seconds.
MAX_LINES = 20_000
SHORTEST_RULE = 5
# What stood between two paragraphs was taken out.
NO_TEXT = re.compile(r"\n{3,}")
STARTS = frozenset(["", " ", "\t", *DASHES, ">", "|", "＞", QUOTE, SAID_BY, INDENT, HEADER_MARK])
MARKS = re.compile(f"[{QUOTE}{SAID_BY}{INDENT}](\\d{{1,6}}){MARK_END}")
QUOTED = (">", " >", "|>", "＞", QUOTE, SAID_BY)


class Pieces(NamedTuple):
    """A body taken apart; the three texts joined hold every line of it."""

    new: str
    quoted: str
    signature: str
    unmarked: bool = False
    """The history bears no marks, so words of the author's inside it cannot be told from it."""
    between: bool = False
    """Some of what is new stands below quoted lines."""


@dataclass(slots=True)
class Scan:
    """The lines of a body that are sorted so far.

    Each chunk of `own` stands between two quotes. `content` is a forwarded mail.
    """

    lines: list[str]
    context: MailContext
    own: list[list[str]] = field(default_factory=lambda: [[]])
    quoted: list[str] = field(default_factory=list)
    content: list[str] = field(default_factory=list)
    headed: bool = False
    indented: bool = False
    unmarked: bool = False

    @property
    def answers(self) -> bool:
        return self.context.purpose in ("reply", "answer")

    def quote(self, lines: list[str]) -> None:
        self.quoted += lines
        if self.own[-1]:
            self.own.append([])

    def take_rule(self) -> None:
        """Take a row of dashes that stands right above a head to what is quoted."""
        last = self.own[-1][-1:]
        if last and len(last[0]) >= SHORTEST_RULE and not last[0].strip(DASHES + " "):
            self.quote([self.own[-1].pop()])


def split_quotes(text: str, context: MailContext = MailContext(), elements: list[str] | None = None) -> Pieces:
    """Return what is new, what is quoted and the signatures; where nothing would be new, all of it is.

    `elements` are the texts of the quoted elements of HTML, which the marks in `text` stand for.
    """
    scan = Scan(text.split("\n"), context)
    sort_lines(scan)
    new: list[str] = []
    signatures: list[str] = []
    for chunk in scan.own:
        written, signature, below = split_signature(chunk, context)
        new += [*written, *below]
        signatures += signature
    fresh = "\n".join([*new, *scan.content]).strip()
    fresh = NO_TEXT.sub("\n\n", fresh) if scan.quoted else fresh
    if not fresh:
        whole = shown(text, elements).strip()
        return Pieces(whole, "", "", unmarked=scan.answers and bool(whole))
    between = any(line.strip() for chunk in scan.own[1:] for line in chunk)
    quoted, signature_text = "\n".join(scan.quoted).strip("\n"), "\n".join(signatures).strip("\n")
    return Pieces(
        shown(fresh, elements), shown(quoted, elements), shown(signature_text, elements), scan.unmarked, between
    )


def shown(text: str, elements: list[str] | None) -> str:
    """Return a text with the quoted elements in the places of their marks."""
    if elements is None:
        return text
    whole = MARKS.sub(lambda mark: elements[int(mark[1])] if int(mark[1]) < len(elements) else "", text)
    return whole.replace(HEADER_MARK + "\n", "").replace(HEADER_MARK, "")


def sort_lines(scan: Scan) -> None:
    """Sort all lines of the scan."""
    at = 0
    while at < len(scan.lines):
        line = scan.lines[at]
        if not line or (":" not in line and line[0] not in STARTS and line.isascii()) or is_skipped(line, at):
            scan.own[-1].append(line)
            at += 1
        elif line.startswith(QUOTED) and not line.startswith(">From "):
            at = sort_quoted(scan, at)
        else:
            at = sort_plain(scan, at)


def is_skipped(line: str, at: int) -> bool:
    """Return whether a line is not looked at: it is too long, too far down, or can be neither a mark nor a head."""
    if at >= MAX_LINES or len(line) > MAX_LINE:
        return True
    if ":" in line or line.lstrip()[:1] in STARTS:
        return False
    return line.isascii() or not (line.endswith(BEFORE_WORDS) or any(colon in line for colon in COLONS))


def sort_quoted(scan: Scan, at: int) -> int:
    """Sort a line that is marked as quoted; return where to go on."""
    line = scan.lines[at]
    scan.headed = scan.headed or line.startswith(SAID_BY)
    forwards = scan.context.purpose == "forward" or (not scan.headed and begins_forward(scan.lines, at))
    if forwards:
        return take_content(scan, at)
    if scan.headed or scan.answers:
        scan.quote([line])
    else:  # a new mail answers nobody: its marks are the author's own, as in a recipe for a shell
        scan.own[-1].append(line)
    return at + 1


def sort_plain(scan: Scan, at: int) -> int:
    """Sort a line without a mark, and those that belong to the same head; return where to go on."""
    lines = scan.lines
    line = lines[at].strip()
    if line.startswith(INDENT):
        return sort_indented(scan, at)
    if begins_forward(lines, at):
        return take_content(scan, at)
    if separates(line):
        return take_separator(scan, at)
    if block := header_at(scan.lines, at, scan.context):
        return take_head(scan, at, block.lines, content=is_forwarded(scan.context, block))
    marked = marks_follow(lines, at + 1)
    if head := attribution(lines, at, marked=marked):
        return take_attribution(scan, at, *head)
    scan.own[-1].append(lines[at])
    return at + 1


def sort_indented(scan: Scan, at: int) -> int:
    """Sort an indented element of HTML: quoted where an attribution stands right above it."""
    above = next((line for line in reversed(scan.lines[max(0, at - 3) : at]) if line.strip()), "")
    below_head = scan.headed and bool(scan.quoted) and scan.quoted[-1] == above
    if (below_head or scan.indented) and scan.context.purpose != "forward":
        scan.indented = True  # the client marks its quotes so
        scan.quote([scan.lines[at]])
    else:
        scan.own[-1].append(scan.lines[at])
    return at + 1


def take_separator(scan: Scan, at: int) -> int:
    """Take a line between dashes that another mail follows.

    Where the prefix does not tell what it is, the block below does.
    """
    below = next((place for place in range(at + 1, min(at + 4, len(scan.lines))) if scan.lines[place].strip()), at)
    unclear = scan.context.ambiguous or scan.context.purpose == "answer"
    block = header_at(scan.lines, below, scan.context) if unclear and below > at else None
    forwarded = is_forwarded(scan.context, block) if block else scan.context.purpose != "reply"
    return take_head(scan, at, 1, content=forwarded)


def take_content(scan: Scan, at: int) -> int:
    scan.content = scan.lines[at:]
    return len(scan.lines)


def take_head(scan: Scan, at: int, count: int, *, content: bool) -> int:
    """Take the lines of a head, and all below them where none of that is marked."""
    if content:
        return take_content(scan, at)
    scan.headed = True
    scan.take_rule()
    if marks_follow(scan.lines, at + count):
        scan.quote(scan.lines[at : at + count])
        return at + count
    scan.quote(scan.lines[at:])
    scan.unmarked = True
    return len(scan.lines)


def take_attribution(scan: Scan, at: int, start: int, own: str) -> int:
    """Take the lines of an attribution from `start` to `at`; `own` is what the author wrote before it on its line."""
    marked = marks_follow(scan.lines, at + 1)
    if scan.context.purpose == "forward":
        return take_content(scan, at)
    if scan.context.purpose == "new" and not marked:
        scan.own[-1].append(scan.lines[at])
        return at + 1
    if start < at:
        del scan.own[-1][start - at :]
    if own:
        scan.own[-1].append(own)
        scan.lines[start] = scan.lines[start].lstrip().removeprefix(own).lstrip()
    return take_head(scan, start, at + 1 - start, content=False)


def marks_follow(lines: list[str], at: int) -> bool:
    """Return whether the next line with something on it is marked as quoted."""
    for line in lines[at : at + 4]:
        if line.strip():
            return line.lstrip().startswith((">", "|", "＞", QUOTE, SAID_BY, INDENT))
    return False
