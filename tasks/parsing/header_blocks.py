"""Blocks of header fields in a body (`From: …`, `Sent: …`, `To: …`, `Subject: …`) that clients put above another mail.

Forms, bookings and digests have such labels, too. So the values must fit as well: a block is a mail's header where it
names a sender, a moment, and a recipient or a subject that fits the mail it is found in.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from tasks.parsing.client_words import COLONS, ROLE_OF, plain_word
from tasks.parsing.mail_context import MailContext, bare_subject

MAX_LINE = 400
MAX_BLOCK = 24
MAX_GAP = 1
MAX_FIELDS = 6
LABEL = re.compile(r"^[\s*>\u200e\u200f\u202a-\u202e\ufeff]*([^\W\d_][^:：﹕<>@\t]{0,28}?)[\s*]*[:：﹕]\*?(.*)$")
ADDRESS = re.compile(r"[^\s<>@\[\]\"'(),;:]{1,64}@[^\s<>@\[\]\"'(),;:]{1,190}")
TIME = re.compile(r"\d{1,2}\s*[:.hH]\s*\d{2}|\d\s*(?:am|pm|uhr|時|点|시)\b|\d時", re.IGNORECASE)
DIGIT = re.compile(r"\d")


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A block of header fields: its number of lines, and its values by role (`from`, `date`, `to`, `cc`, `subject`)."""

    lines: int
    values: dict[str, str]
    from_label: str = ""

    @property
    def sender(self) -> str:
        found = ADDRESS.search(self.values.get("from", ""))
        return found[0].lower() if found else ""


@lru_cache(maxsize=64)  # the lines of a window are looked at again for each line above them
def label_of(line: str) -> tuple[str, str]:
    """Return the label and the value of a line `Label: value`; two empty strings where it is none."""
    found = LABEL.match(line[:MAX_LINE])
    return (plain_word(found[1]), found[2].strip(" *\t\xa0")) if found else ("", "")


def read_block(lines: list[str], at: int) -> Block | None:
    """Return the block that begins at `at`; None where no two labels of header fields follow each other there."""
    values: dict[str, str] = {}
    from_label = last = ""
    end, gap = at, 0
    for place in range(at, min(len(lines), at + MAX_BLOCK)):
        line = lines[place]
        if not line.strip(" \t>\xa0"):
            gap += 1
            if gap > MAX_GAP or not values:
                break
            continue
        label, value = label_of(line)
        role = ROLE_OF.get(label, "")
        if role and role not in values:
            values[role], last = value, role
            from_label = label if role == "from" else from_label
        elif role or not (last and goes_on(line, label, gap, values, last)):
            break
        end, gap = place + 1, 0
    return Block(lines=end - at, values=values, from_label=from_label) if len(values) > 1 else None


def read_unknown_block(lines: list[str], at: int, context: MailContext) -> Block | None:
    """Return a block in a language that is not known here: an address first, then a moment, and this mail's subject."""
    values = values_from(lines, at)
    if len(values) < 3 or not context.subject or not ADDRESS.search(values[0]):
        return None
    subject = next((value for value in values[1:] if bare_subject(value) == context.subject), "")
    moment = next((value for value in values[1:] if TIME.search(value)), "")
    if not subject or not moment:
        return None
    return Block(lines=len(values), values={"from": values[0], "date": moment, "subject": subject})


def read_marked_block(lines: list[str], at: int) -> Block | None:
    """Return a block in whatever language, of which a client's mark says that it is one."""
    values = values_from(lines, at)
    return Block(lines=len(values), values={"from": values[0]}) if len(values) > 1 else None


def values_from(lines: list[str], at: int) -> list[str]:
    """Return the values of the lines `Label: value` that follow each other from `at`, at most six."""
    fields = [label_of(line) for line in lines[at : at + MAX_FIELDS]]
    count = next((n for n, (label, _value) in enumerate(fields) if not label), len(fields))
    return [value for _label, value in fields[:count]]


def goes_on(line: str, label: str, gap: int, values: dict[str, str], last: str) -> bool:
    """Return whether a line without a known label belongs to the block.

    It does where it continues a value, or is a field we don't know.
    """
    if gap:
        return False
    if not values[last] and not label:  # the value stands below its label
        values[last] = line.strip()
        return True
    if last in ("to", "cc", "from") and not label:
        return (
            line.startswith((" ", "\t")) or bool(ADDRESS.search(line[:MAX_LINE])) or line.rstrip().endswith((";", ","))
        )
    return len(values) > 2 and last != "subject" and bool(label)


def is_header(block: Block, context: MailContext, *, led_in: bool) -> bool:
    """Return whether a block is the header of a mail that this one answers or forwards.

    `led_in` says that a line above announces it: a client's separator or mark.
    """
    values = block.values
    count = len(values.keys() - {"cc"})
    if "from" not in values or (count < 3 and not (led_in and count > 1)):
        return False
    if "date" in values and not DIGIT.search(values["date"]):
        return False
    timed = bool(TIME.search(values.get("date", "")))
    addressed = bool(ADDRESS.search(f"{values['from']} {values.get('to', '')}"))
    same_subject = bool(context.subject) and bare_subject(values.get("subject", "")) == context.subject
    return led_in or same_subject or (timed and addressed) or (count == 4 and (timed or addressed))


def has_label(line: str) -> bool:
    """Return whether a line may begin a block; cheap, for it is asked of every line."""
    return any(colon in line[:40] for colon in COLONS) and label_of(line)[0] in ROLE_OF
