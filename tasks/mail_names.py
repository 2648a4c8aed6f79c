"""Names of mails and effects in log lines: the words by which a person knows them, where these may be logged."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from tasks.settings.observing import LogSettings

_MOST_CHARACTERS = 40


def mail_name(mail: Mapping[str, Any], *, subjects: bool) -> str:
    """`420ab5224d6e "Lunch on Monday" (example.org)`, or the key alone without `subjects`.

    `mail` is a row of `Messages`.
    """
    key = str(mail["message_key"])[:12]
    if not subjects:
        return key
    what = _cut(mail["subject"]) or _cut(str(mail["source_id"]).rpartition("/")[2])
    domain = _cut(mail["sender"].rpartition("@")[2].rstrip(">"))
    return f'{key} "{what}"' + (f" ({domain})" if domain else "")


def effect_name(action: str, target: str, *, subjects: bool) -> str:
    """`move Archive`, or `draft_reply to someone at example.org`, without the domain where `subjects` is false.

    A target with an @ in it is a stranger's address; any other is the operator's own word.
    """
    if "@" not in target:
        return f"{action} {_cut(target)}".rstrip()
    return f"{action} to someone at {_cut(target.rpartition('@')[2].rstrip('>'))}" if subjects else action


def may_name() -> bool:
    """Whether log lines may contain subjects, files and domains.

    Raises:
        Misconfigured: The setting cannot be used.
    """
    return LogSettings.read().subjects


def _cut(text: str) -> str:
    # Categories C: control and format characters, which could forge a line or reverse its direction.
    plain = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    words = " ".join(plain.split())
    return words if len(words) <= _MOST_CHARACTERS else f"{words[: _MOST_CHARACTERS - 1]}…"
