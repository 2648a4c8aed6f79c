"""The operator's own texts of replies, their blanks filled in: what a mail fills in is one line without links."""

from __future__ import annotations

import re

from tasks.act.acted_mail import ActedMail, one_line
from tasks.act.destinations import Destinations
from tasks.errors import Misconfigured
from tasks.settings.destinations import BLANKS

_BLANK = re.compile(rf"\{{({'|'.join(BLANKS)})\}}")
_ANY = "any"


def check_template(name: str, destinations: Destinations) -> None:
    """Check that there is a template of this name, where one is named.

    Raises:
        Misconfigured: There is none.
    """
    if name and name not in destinations.templates:
        known = ", ".join(f"`{one}`" for one in destinations.templates) or "none"
        raise Misconfigured(f"it names the template `{name}`, which MAILROOM_TEMPLATES does not have; it has {known}.")


def template_for(name: str, mail: ActedMail) -> str:
    """The template's text in the mail's language, or the one for all others; empty where it has neither."""
    texts = mail.destinations.templates.get(name, {})
    return texts.get(mail.row["language"]) or texts.get(_ANY, "")


def needs_suggestion(template: str) -> bool:
    """Whether a model's words stand in it."""
    return "{suggestion}" in template


def filled(template: str, mail: ActedMail, suggestion: str) -> str:
    """The reply's text."""
    blanks = {
        "name": one_line(mail.row.get("sender_name", ""), 60), "subject": one_line(mail.row["subject"], 120),
        "suggestion": suggestion,
    }  # fmt: skip
    text = _BLANK.sub(lambda found: blanks[found[1]], template)
    return re.sub(r"(?m) +(?=[,!.:]|$)", "", text).strip()
