"""The form in which a person decides on held effects. It shows everything in full, and silence decides nothing.

Both of Prefect's UIs give a form's description little room, or show it far from its field. Both show a long text in
full if its format is `json-string`, and the fields of an object in a frame. So each effect is an object that has the
text to read and, right below it, the decision.

A field's name contains the form's key, the effect's id and a fingerprint of what was shown. So an answer to another
form, or to another version of the effect, has field names that this form does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from prefect.input import RunInput
from pydantic import BaseModel, ConfigDict, Field, create_model

from tasks.act.approval.shown import ShownEffect

Decision = Literal["wait", "approve", "edit", "reject"]
DecisionWithoutText = Literal["wait", "approve", "reject"]
NOBODY = "nobody chosen yet"
_HELP = "Kept with each decision. What stays at wait is asked again."


class _Form(RunInput):
    # Extra fields are allowed, so that an answer to an older form reaches the run, which explains that it was not used.
    # Otherwise Prefect would reject it with a message of its schema validation.
    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, kw_only=True)
class ApprovalForm:
    """A form. `key` is unique, `notes` are shown above it, one or more sentences each."""

    key: str
    effects: Sequence[ShownEffect]
    notes: Sequence[str] = ()

    @cached_property
    def by_field(self) -> dict[str, ShownEffect]:
        """The effects by the names of their fields, in order."""
        return {f"effect_{self.key}_{one.effect.effect_id[:16]}_{one.fingerprint}": one for one in self.effects}

    def input_type(self, description: str = "") -> type[RunInput]:
        """The form as a type for Prefect. `description` is markdown."""
        fields: dict[str, Any] = {"your_name": (str, self._name_field())}
        for number, (name, shown) in enumerate(self.by_field.items(), start=1):
            entry = _entry(number, shown)
            title = f"{number} of {len(self.effects)}: {shown.headline}"
            fields[name] = (entry, Field(default_factory=entry, title=title, description=_advice(shown)))
        form = create_model("Decisions", __base__=_Form, **fields)
        return form.with_initial_data(description=description) if description else form

    def _name_field(self) -> object:
        told = " ".join([*self.notes, _HELP])
        return Field(min_length=1, max_length=200, title="Your name", description=told)

    def is_answered_by(self, answer: RunInput) -> bool:
        """Whether the answer belongs to this form. Otherwise it belongs to an older one and must not be used."""
        return not answer.model_extra

    def choices_in(self, answer: RunInput) -> list[Choice]:
        """The choice for each effect of the form, in order."""
        return [_choice(shown, getattr(answer, name)) for name, shown in self.by_field.items()]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A person's choice for one effect. `text` is null if it can't be edited, `recipient` empty if none is chosen."""

    shown: ShownEffect
    decision: Decision
    text: str | None = None
    recipient: str = ""
    shown_changed: bool = False
    """Whether the person edited a text that is only for reading."""

    @property
    def text_changed(self) -> bool:
        """Whether the text was edited. White space at line ends is ignored, because browsers change it."""
        return self.text is not None and not _same(self.text, self.shown.effect.content["text"])


def _choice(shown: ShownEffect, given: Any) -> Choice:  # noqa: ANN401  # an entry of a form made at run time
    recipient = getattr(given, "recipient", NOBODY)
    return Choice(
        shown=shown, decision=given.decision, text=getattr(given, "text", None),
        recipient="" if recipient == NOBODY else recipient,
        shown_changed=not (_same(given.shown, shown.text) and _same(given.mail, shown.mail)),
    )  # fmt: skip


def _entry(number: int, shown: ShownEffect) -> type[BaseModel]:
    fields: dict[str, Any] = {"shown": _read_only("What would be done", shown.text)}
    if shown.candidates:
        among = (NOBODY, *shown.candidates)
        fields["recipient"] = (Literal[among], Field(NOBODY, title="To whom"))
    decision = Decision if shown.has_text else DecisionWithoutText
    fields["decision"] = (decision, Field("wait", title=f"{number}. Your decision"))
    if shown.has_text:
        text = shown.effect.content["text"]
        fields["text"] = (str, Field(text, title="The text, to change where you decide edit", max_length=10_000))
    fields["mail"] = _read_only("The mail it is about", shown.mail)
    return create_model(f"Effect{number}", **fields)


def _read_only(title: str, text: str) -> tuple[type, Any]:
    return str, Field(text, title=title, json_schema_extra={"format": "json-string"})


def _advice(shown: ShownEffect) -> str:
    content = shown.effect.content
    found = []
    if shown.candidates:
        found.append("choose to whom it goes.")
    elif content.get("to") and not content["to_verified"]:
        found.append("the sender is NOT VERIFIED.")
    if content.get("warning") or content.get("doubts") or content.get("review"):
        found.append("there are warnings below its text.")
    return f"Look first: {' '.join(found)}" if found else ""


def _same(text: str, shown: str) -> bool:
    return _lines(text) == _lines(shown)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
