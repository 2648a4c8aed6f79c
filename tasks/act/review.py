"""Lets a second reader check a reply before it is sent: at most two rounds, then a person decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tasks.act.acted_mail import ActedMail, Planned, one_line
from tasks.errors import MailroomError
from tasks.links import names_address
from tasks.opinions import Opinion

ReadAgain = Callable[[ActedMail, str], Opinion]
"""Takes the mail and the reply, and returns the second reader's opinion."""
ROUNDS = 2
_MOST_WORDS = 80


def reviewed(planned: Planned, mail: ActedMail, read_again: ReadAgain) -> Planned:
    """The reply with the reader's corrections, or held for a person with the reader's remarks."""
    text, notes = planned.content["text"], []
    for _ in range(ROUNDS):
        try:
            opinion = read_again(mail, text)
        except MailroomError as error:
            return _for_a_person(planned, text, [f"the second reader could not be asked ({error.code})"])
        notes += [f"{opinion.reader}: {opinion.word}", *(one_line(problem) for problem in opinion.problems[:5])]
        if opinion.word == "accept":
            return replace(planned, content=_with(planned, text, notes))
        if opinion.word == "to_a_person" or not _usable(opinion.text, mail):
            break
        text = opinion.text.strip()
    # No reader has checked the latest correction, so a person decides on the original text.
    return _for_a_person(planned, planned.content["text"], notes)


def _usable(text: str, mail: ActedMail) -> bool:
    return bool(text.strip()) and len(text.split()) <= _MOST_WORDS and not names_address(text, mail.allowed())


def _for_a_person(planned: Planned, text: str, notes: list[str]) -> Planned:
    said = "; ".join(notes)
    return replace(planned, content=_with(planned, text, notes), hold=planned.hold or f"the second reader: {said}")


def _with(planned: Planned, text: str, notes: list[str]) -> dict[str, object]:
    return {**planned.content, "text": text, "review": notes}
