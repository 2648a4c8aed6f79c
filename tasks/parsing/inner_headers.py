"""The header of another mail in a body, and what it begins: history that is answered, or content that is forwarded."""

from tasks.parsing.client_words import ANSWERS_WITH_VS
from tasks.parsing.header_blocks import (
    Block,
    has_label,
    is_header,
    label_of,
    read_block,
    read_marked_block,
    read_unknown_block,
)
from tasks.parsing.html_quotes import HEADER_MARK
from tasks.parsing.mail_context import MailContext


def header_at(lines: list[str], at: int, context: MailContext) -> Block | None:
    """Return the block of header fields that begins here, where it is a mail's; the lines of a mark count, too."""
    marked = lines[at].startswith(HEADER_MARK)
    start = at + marked
    while marked and start < len(lines) and not lines[start].strip():
        start += 1
    if start >= len(lines) or not (
        marked or has_label(lines[start]) or ("@" in lines[start] and label_of(lines[start])[0])
    ):
        return None
    block = read_header(lines, start, context, marked=marked)
    if block is None:
        return None
    if context.purpose == "new" and not answers_its_recipient(context, block):
        return None
    return Block(lines=start - at + block.lines, values=block.values, from_label=block.from_label)


def read_header(lines: list[str], at: int, context: MailContext, *, marked: bool) -> Block | None:
    """Return the mail header in a body that begins at `at`; None where none does."""
    block = read_block(lines, at) if has_label(lines[at]) else None
    if block and is_header(block, context, led_in=marked):
        return block
    return read_marked_block(lines, at) if marked else read_unknown_block(lines, at, context)


def answers_its_recipient(context: MailContext, block: Block) -> bool:
    """Return whether the mail goes to the one whose mail is below it, from one whom that mail went to."""
    if not (block.sender and context.sender):
        return False
    return block.sender in context.recipients and context.sender in block.values.get("to", "").lower()


def is_forwarded(context: MailContext, block: Block) -> bool:
    """Return whether a header block begins what the sender wants read: a forward, and no answer."""
    if context.ambiguous:
        return block.from_label not in ANSWERS_WITH_VS
    if context.purpose == "forward":
        return True
    if context.purpose == "answer" and block.sender:  # without a prefix, who gets it tells
        return block.sender not in context.recipients and block.sender != context.sender
    return False
