"""The way that tutorials show: a prompt and an answer class for each thing that is wanted of a mail.

Each call holds the whole mail.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tasks.frames import Complexity
from tasks.understand.answers import Answer

SORT = (
    "You are an e-mail assistant. Classify the e-mail below into exactly one of these categories: URGENT (needs "
    "immediate attention), MEETING (meeting requests and scheduling), SUPPORT (customer or technical support), "
    "MARKETING (promotional), PERSONAL (personal matters), OTHER. Also give its language, whether it needs a reply, "
    "how complex it is (simple, medium or complex), your confidence from 0 to 1 and a one-line reason. Answer in JSON."
)
SUMMARISE = (
    "You are an e-mail assistant. Summarize the e-mail below in 2 to 3 sentences, concisely and accurately, keeping "
    "names, dates and numbers. Then translate the summary into the target language. Answer in JSON with the fields "
    "summary and translation."
)
ITEMS = (
    "You are an e-mail assistant. Extract all action items from the e-mail below: what is to be done, who is to do it, "
    "by when, and the sentence it is taken from. Return a JSON array, and an empty array if there are none."
)
REPLY = (
    "You are an e-mail assistant. Suggest three different replies to the e-mail below. They must be brief and "
    "professional, at most 50 words each, address the sender by name and be in the language of the e-mail. Answer in "
    "JSON."
)


class Sorted(Answer):
    """What the mail is."""

    category: Literal["URGENT", "MEETING", "SUPPORT", "MARKETING", "PERSONAL", "OTHER"]
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")]
    needs_reply: bool
    complexity: Complexity
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: str


class Summary(Answer):
    """What it says."""

    summary: str
    translation: str


class Item(Answer):
    """One thing to do."""

    text: str
    owner: str | None
    due: str | None
    quote: str


class Items(Answer):
    """What it asks for."""

    action_items: list[Item]


class Replies(Answer):
    """What could be answered."""

    replies: Annotated[list[str], Field(min_length=3, max_length=3)]


class Whole(Replies, Items, Summary, Sorted):
    """Everything at once."""


NAIVE: tuple[tuple[str, str, type[Answer]], ...] = (
    ("sort", SORT, Sorted), ("summarise", SUMMARISE, Summary), ("items", ITEMS, Items), ("reply", REPLY, Replies),
)  # fmt: skip
WHOLE = ("whole", "\n".join((SORT, SUMMARISE, ITEMS, REPLY)), Whole)
