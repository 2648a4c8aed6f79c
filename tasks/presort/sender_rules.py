"""Rules that give a category without a model: an ordered list in the Prefect Variable `mailroom-presort`.

Each names what must hold of the mail's sender, domain, List-Id, subject or another header; the first that holds counts.
A header is what the mail claims: a rule saves a question and decides a category, and never whom an effect addresses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from prefect.variables import Variable
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from tasks.categories import CATEGORY_NAME
from tasks.classifier.features import sender_of
from tasks.errors import Misconfigured
from tasks.known import BY_RULE, KnownCategory
from tasks.parsing.headers import read_fields

VARIABLE = "mailroom-presort"
_MOST_TEXT = 4_900
"""Characters of JSON that the Variable is sure to hold; Prefect's limit is 5,000."""
Text = Annotated[str, Field(min_length=1, max_length=300)]


class SenderRule(BaseModel):
    """One rule; all that it names must hold. Texts are compared without regard to capital letters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    category: Annotated[str, Field(pattern=CATEGORY_NAME)]
    needs_reply: bool = False
    sender: Text | None = None
    """The whole address."""
    domain: Text | None = None
    """The address's domain, or one above it."""
    list_id: Text | None = None
    """A part of the List-Id."""
    subject: Text | None = None
    """A part of the subject."""
    headers: dict[Text, str] = {}
    """A part of each of these header fields; an empty text asks only that it is there."""

    @model_validator(mode="after")
    def _names_something(self) -> SenderRule:
        if not (self.sender or self.domain or self.list_id or self.subject or self.headers):
            raise ValueError("it names nothing that must hold, so it would take every mail")
        return self

    @property
    def needs_headers(self) -> bool:
        """Whether it asks for more than the columns of `Messages` hold."""
        return bool(self.list_id or self.headers)

    def holds(self, mail: Mapping[str, Any], fields: Mapping[str, list[str]]) -> bool:
        """Whether all of it holds; `fields` are the mail's header fields by their names in small letters."""
        address = sender_of(mail)
        wanted = {**self.headers, **({"list-id": self.list_id} if self.list_id else {})}
        return (
            (self.sender is None or address == self.sender.casefold())
            and (self.domain is None or _is_below(address.rpartition("@")[2], self.domain.casefold()))
            and (self.subject is None or self.subject.casefold() in mail["subject"].casefold())
            and all(_has(fields.get(name.casefold(), []), text) for name, text in wanted.items())
        )


def read_sender_rules(categories: Iterable[str]) -> tuple[SenderRule, ...]:
    """The operator's rules, in order; none where the Variable is not set.

    Raises:
        Misconfigured: A rule cannot be used; its place and what is wrong are named.
    """
    value: Any = Variable.get(VARIABLE)
    where = f"The rules in Prefect Variable `{VARIABLE}`"
    try:
        given = json.loads(value) if isinstance(value, str) else value
        rules = TypeAdapter(tuple[SenderRule, ...]).validate_python(given or ())
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = " ".join(str(step + 1 if isinstance(step, int) else step) for step in fault["loc"])
        raise Misconfigured(f"{where}: {place}: {fault['msg'].removeprefix('Value error, ')}.") from None
    except ValueError as error:
        raise Misconfigured(f"{where} are no JSON: {error}.") from None
    known = set(categories)
    if strange := next((rule for rule in rules if rule.category not in known), None):
        raise Misconfigured(f"{where}: `{strange.name}` gives {strange.category}, and there are {', '.join(known)}.")
    return rules


def add_sender_rules(new: Sequence[SenderRule], categories: Iterable[str]) -> int:
    """Write these behind the operator's rules, which are read anew, and return how many there are then.

    Raises:
        Misconfigured: The rules cannot be used, or the Variable cannot hold all of them.
    """
    rules = read_sender_rules(categories)
    given = [rule.model_dump(exclude_defaults=True) for rule in (*rules, *(one for one in new if one not in rules))]
    if len(json.dumps(given)) > _MOST_TEXT:
        raise Misconfigured(
            f"The Prefect Variable `{VARIABLE}` holds {_MOST_TEXT} characters, too few for {len(new)} rules more: take "
            "fewer over, or write rules for whole domains."
        )
    Variable.set(VARIABLE, given, overwrite=True)
    return len(given)


def sorted_by_rules(
    mails: Iterable[Mapping[str, Any]], rules: Sequence[SenderRule], raws: Mapping[str, bytes]
) -> dict[str, KnownCategory]:
    """By message_key, what the first rule that holds says; `raws` are needed where a rule asks for headers."""
    found: dict[str, KnownCategory] = {}
    for mail in mails:
        fields = read_fields(raws.get(mail["message_key"], b""))
        rule = next((one for one in rules if not mail["unreadable"] and one.holds(mail, fields)), None)
        if rule is not None:
            found[mail["message_key"]] = KnownCategory(
                category=rule.category, by=f"{BY_RULE} {rule.name}", why=f"Rule `{rule.name}` of `{VARIABLE}`.",
                needs_reply=rule.needs_reply,
            )  # fmt: skip
    return found


def _is_below(domain: str, wanted: str) -> bool:
    return domain == wanted or domain.endswith(f".{wanted}")


def _has(values: Sequence[str], text: str) -> bool:
    return any(text.casefold() in value.casefold() for value in values)
