"""The form in which a person decides on held effects: everything in full, and nothing decided by silence.

What strangers and models wrote stands in indented code, which no markdown or HTML gets out of.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from prefect.input import RunInput
from pydantic import Field, create_model

from tasks.act.acted_mail import one_line
from tasks.ledger.effects import Effect

Decision = Literal["wait", "approve", "edit", "reject"]
_WIDTH = 48  # characters a line; the UI's form is narrow, and longer lines would be cut off

# One line: the UI makes a paragraph of each.
HELP = (
    "**approve** does it exactly as it stands here. **edit** does it with the text you change it to. **reject** drops it for "
    "good. What stays at **wait** waits on, as does everything when nobody answers."
)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a person chose for one effect; `text` is null where there is none to edit."""

    effect: Effect
    decision: Decision
    text: str | None

    @property
    def text_changed(self) -> bool:
        """Whether the text differs from the one shown, white space at line ends aside, as browsers change that."""
        return self.text is not None and _lines(self.text) != _lines(self.effect.content["text"])


def form_for(effects: Sequence[Effect]) -> type[RunInput]:
    """The form for these effects: who decides, then a decision and, for replies, a text each."""
    fields: dict[str, Any] = {
        "your_name": (
            str,
            Field(min_length=1, max_length=200, title="Your name", description="Kept with each decision."),
        )
    }
    for number, effect in enumerate(effects, start=1):
        title = f"{number}. {_headline(effect)}"
        fields[f"decision_{number}"] = (Decision, Field("wait", title=title))
        if has_text(effect):
            fields[f"text_{number}"] = (str, Field(effect.content["text"], title=f"{number}. Text", max_length=10_000))
    form = create_model("Decisions", __base__=RunInput, **fields)
    return form.with_initial_data(description=description_of(effects))


def choices_in(answer: RunInput, effects: Sequence[Effect]) -> Iterator[Choice]:
    """What was chosen for each of the effects the form was made for, in their order."""
    for number, effect in enumerate(effects, start=1):
        text = getattr(answer, f"text_{number}", None)
        yield Choice(effect=effect, decision=getattr(answer, f"decision_{number}"), text=text)


def description_of(effects: Sequence[Effect]) -> str:
    """All effects in full, as markdown."""
    return "\n\n".join([HELP, *(_section(number, effect) for number, effect in enumerate(effects, start=1))])


def has_text(effect: Effect) -> bool:
    """Whether it is a reply, whose text can be edited."""
    return effect.action in ("draft_reply", "send_reply")


def _section(number: int, effect: Effect) -> str:
    content = effect.content
    parts = [f"### {number}. {_headline(effect)}"]
    if "to" in content:
        known = "verified" if content["to_verified"] else "NOT VERIFIED"
        parts += [_code(f"To: {content['to']}\nSubject: {content['subject']}\n{known}: {content['to_why']}")]
    if has_text(effect):
        parts += ["The reply:", _code(content["text"])]
    if content.get("warning"):
        parts += ["**Look first:**", _code(content["warning"])]
    if "start" in content:
        parts += ["When:", _code(f"{content['start']}, {content['minutes']} minutes")]
    if content.get("review"):
        parts += ["What the second reader said:", _code("\n".join(content["review"]))]
    parts += ["Why:", _code(f"rule {effect.rule}: {content.get('why', '')}\nheld: {effect.detail}")]
    if content.get("quoted"):
        parts += ["The mail it answers:", _code(content["quoted"])]
    return "\n\n".join(parts)


def _headline(effect: Effect) -> str:
    verb = {"draft_reply": "draft a reply to", "send_reply": "send a reply to"}.get(effect.action, f"{effect.action}:")
    return f"{verb} {one_line(effect.target, 80) if effect.action not in _TO_PEOPLE else effect.target}"


_TO_PEOPLE = frozenset({"draft_reply", "send_reply", "calendar_invite"})


def _code(text: str) -> str:
    lines = [part for line in text.splitlines() for part in (textwrap.wrap(line, _WIDTH) or [""])]
    return "\n".join(f"    {line}" for line in lines)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
