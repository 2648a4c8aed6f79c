"""The frames between the stages, in pipeline order: one schema for each, one row for each mail.

Frames are coerced once, in ingest. After that they are only checked where they pass from one stage to the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, Self, get_args

import pandas as pd
import pandera.pandas as pa
from pandera.typing import DataFrame, Series

from tasks.categories import CATEGORY_NAME
from tasks.errors import ERROR_CODES

Complexity = Literal["simple", "medium", "complex"]
COMPLEXITIES: tuple[Complexity, ...] = get_args(Complexity)
Analysis = Literal["summary", "translation", "action_items", "replies"]
ANALYSES: tuple[Analysis, ...] = get_args(Analysis)
Status = Literal["PENDING", "PROCESSING", "COMPLETED", "FAILED", "SKIPPED"]
STATUSES: tuple[Status, ...] = get_args(Status)


class Frame(pa.DataFrameModel):
    """A frame with exactly the columns of its schema."""

    class Config:
        strict = True
        ordered = False

    @classmethod
    def names(cls) -> list[str]:
        """The frame's column names, in order."""
        return list(cls.to_schema().columns)

    @classmethod
    def of(cls, rows: list[dict[str, Any]]) -> DataFrame[Self]:
        """A checked frame of these rows. An empty one has the columns, too."""
        columns = cls.to_schema().columns
        values = {name: [row.get(name) for row in rows] for name in columns}
        # Pandera takes half a millisecond per column even without a fault, so it is used only to describe a fault.
        if all(_keeps_rules(values[name], column) for name, column in columns.items()):
            # Arrays, as an index for each column would have to be compared with all others.
            kept = {name: pd.Series(values[name], dtype=str(column.dtype)).array for name, column in columns.items()}
            return pd.DataFrame(kept)  # type: ignore[return-value]  # of the schema's columns and types
        types = {name: str(column.dtype) for name, column in columns.items()}
        return cls.validate(pd.DataFrame(values).astype(types), lazy=True)

    @classmethod
    def check(cls, rows: list[dict[str, Any]]) -> None:
        """Check that `of` would accept these rows, without building a frame, which takes most of the time."""
        for name, column in cls.to_schema().columns.items():
            values = [row.get(name) for row in rows]
            if not (_has_type(values, str(column.dtype)) and _keeps_rules(values, column)):
                cls.of(rows)  # raises with a description
                return


def joined(message: Mapping[str, Any], reading: Mapping[str, Any]) -> dict[str, Any]:
    """One row of a mail's message and reading. The model's language takes precedence over the detector's."""
    return {**message, **reading, "language": reading["language"] or message["language"]}


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The frame's rows as dictionaries of plain Python values, null where one is missing.

    It takes a third of the time of `to_dict("records")`, which converts each value by itself.
    """
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*(_values(frame[name]) for name in names), strict=True)]


def _values(column: pd.Series[Any]) -> list[Any]:
    if column.dtype == object:  # lists and dictionaries, none of which is missing
        return column.tolist()
    return column.to_numpy(dtype=object, na_value=None).tolist()  # type: ignore[call-overload, no-any-return]  # stubs


def _keeps_rules(values: list[Any], column: pa.Column) -> bool:
    """Whether a column's values satisfy its schema's checks; false also where a check is not supported here."""
    known = _present(values)
    if not column.nullable and len(known) < len(values):
        return False
    if column.unique and len(set(known)) < len(known):
        return False
    return all(check.name in _RULES and _RULES[check.name](known, check.statistics) for check in column.checks)


def _has_type(values: list[Any], dtype: str) -> bool:
    """Whether all present values have the column's Python type; false also if the type is not supported here."""
    known = _TYPES.get(dtype)
    return known is not None and all(issubclass(kind, known) for kind in set(map(type, _present(values))))


_TYPES: dict[str, type | tuple[type, ...]] = {
    "string[pyarrow]": str, "int64": int, "float64": (float, int), "bool": bool, "object": object,
}  # fmt: skip


def _present(values: list[Any]) -> list[Any]:
    """The values that are not missing. They are looked at one by one only where a type among them allows for it."""
    may_be_missing = any(issubclass(kind, _MISSING_TYPES) for kind in set(map(type, values)))
    return [value for value in values if not _is_missing(value)] if may_be_missing else values


_MISSING_TYPES = (type(None), type(pd.NA), float)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


_RULES: dict[str, Callable[[list[Any], Any], bool]] = {
    "isin": lambda values, told: set(values) <= set(told["allowed_values"]),
    "str_matches": lambda values, told: all(re.match(told["pattern"], value) for value in values),
    "greater_than_or_equal_to": lambda values, told: all(value >= told["min_value"] for value in values),
    "less_than_or_equal_to": lambda values, told: all(value <= told["max_value"] for value in values),
}


class Messages(Frame):
    """One row for each mail, from ingest. Lists and attachments are Python objects in `object` columns."""

    message_key: Series[str] = pa.Field(unique=True, description="SHA-256 of the canonical content, hex.")
    fence: Series[int] = pa.Field(ge=0, description="Fencing number of this run's claim; settling needs it.")
    source_id: Series[str] = pa.Field(description="The mail's id where it came from: a table's id, a file's name.")
    sender: Series[str] = pa.Field(description="Address, with the display name when there is one; may be empty.")
    sender_name: Series[str]
    subject: Series[str]
    date: Series[str] = pa.Field(description="UTC, ISO 8601; empty when the mail does not say.")
    kind: Series[str] = pa.Field(description="mail, auto_reply, bounce, feedback, calendar or list.")
    automatic: Series[str] = pa.Field(description="Why it counts as written by no person; empty for a person's.")
    text: Series[str] = pa.Field(description="What is new in this mail: quotes and signature cut off; may be empty.")
    language: Series[str] = pa.Field(description="ISO 639-1 as a small detector guesses; empty when it can't.")
    target_language: Series[str] = pa.Field(description="ISO 639-1 its summary is to be translated into.")
    attachments: Series[object] = pa.Field(description="List of dicts: name, type, bytes, fate and why.")
    media: Series[object] = pa.Field(description="List of `tasks.questions.Media` a model may be sent.")
    tokens: Series[int] = pa.Field(ge=0, description="Estimated input tokens of the text.")
    parse_defects: Series[object] = pa.Field(description="List of what was wrong with the bytes; empty when nothing.")
    doubts: Series[object] = pa.Field(description="List of doubts that its text is all of it, as `answers_in_quote`.")
    left_out: Series[object] = pa.Field(description="List of dicts: what its text leaves out, why, and how many words.")
    likely_duplicate_of: Series[str] = pa.Field(
        nullable=True,
        description="Key of an earlier mail that this is likely a copy of, by way of a list; empty if none.",
    )
    thread_size: Series[int] = pa.Field(ge=1, description="How many mails its conversation has, as far as is known.")
    answered: Series[bool] = pa.Field(description="Whether somebody of us answered it, or wrote later in its thread.")
    last_from_us: Series[bool] = pa.Field(description="Whether the newest mail of its conversation is ours.")
    earlier: Series[object] = pa.Field(
        description="Earlier mails of its conversation that a model is shown, newest first: key, sender, date, text."
    )
    passages: Series[object] = pa.Field(description="Passages of our texts that a model is shown: name and text.")
    style: Series[str] = pa.Field(description="How we write to its sender, as an instruction; may be empty.")
    unreadable: Series[str] = pa.Field(description="Why no model may be asked about it; empty when one may.")


class Skipped(Frame):
    """One row for each mail that this run does not process. A mail may occur more than once."""

    message_key: Series[str]
    source_id: Series[str]
    sender: Series[str]
    subject: Series[str]
    kind: Series[str]
    language: Series[str]
    target_language: Series[str]
    attachments: Series[object]
    parse_defects: Series[object]
    repeats: Series[bool] = pa.Field(description="Whether the ledger knows the same mail already.")
    reason: Series[str] = pa.Field(description="Why it is left alone.")


class Readings(Frame):
    """One row for each mail, from understand. Exactly one of `category` and `error` is null."""

    message_key: Series[str] = pa.Field(unique=True)
    category: Series[str] = pa.Field(str_matches=CATEGORY_NAME, nullable=True)
    language: Series[str] = pa.Field(description="ISO 639-1, the model's word; empty when unread.")
    needs_reply: Series[bool]
    sorted_by: Series[str] = pa.Field(description="Who gave the category: model, or who knew it before; may be empty.")
    complexity: Series[str] = pa.Field(isin=COMPLEXITIES, nullable=True)
    confidence: Series[float] = pa.Field(ge=0, le=1, nullable=True)
    reason: Series[str] = pa.Field(description="The model's reason for the category, one line.")
    summary: Series[str] = pa.Field(description="2-3 sentences; empty when the mail was not worth one.")
    translation: Series[str] = pa.Field(description="The summary in `target_language`; empty when not asked.")
    action_items: Series[object] = pa.Field(description="List of dicts: text, owner, due, quote, quote_found.")
    replies: Series[object] = pa.Field(description="List of up to three suggested replies.")
    doubts: Series[object] = pa.Field(description="List of checks the answer failed; empty when it passed all.")
    provider: Series[str]
    model: Series[str] = pa.Field(description="The model that answered the last question; empty when none did.")
    model_reason: Series[str] = pa.Field(description="Why that model, and why an earlier one did not answer.")
    calls: Series[int] = pa.Field(ge=0, description="Requests sent, and answers taken from the ledger.")
    cached_calls: Series[int] = pa.Field(ge=0, description="Answers that cost nothing, from the ledger.")
    simulated: Series[bool] = pa.Field(description="True when a simulator answered.")
    seconds: Series[float] = pa.Field(ge=0)
    error_type: Series[str] = pa.Field(isin=ERROR_CODES, nullable=True)
    error: Series[str] = pa.Field(description="What happened; empty when nothing did.")
    curable: Series[bool] = pa.Field(description="Whether another run may find the error gone.")


class Decisions(Frame):
    """One row for each mail, from decide: its actions and the rule that decided."""

    message_key: Series[str] = pa.Field(unique=True)
    urgent: Series[bool]
    reply_wanted: Series[bool]
    rule: Series[str] = pa.Field(description="Name of the rule that decided.")
    actions: Series[object] = pa.Field(description="List of action names with parameters.")


class Effects(Frame):
    """One row for each mail, from act: its effects and their states."""

    message_key: Series[str] = pa.Field(unique=True)
    effects: Series[object] = pa.Field(
        description="List of dicts, in order: effect_id, action, target, state, detail, rule. "
        "Empty where nothing was to do."
    )


class Outcomes(Frame):
    """One row for each mail, the result of a run. The most informative columns come first."""

    id: Series[str] = pa.Field(description="The mail's id where it came from.")
    status: Series[str] = pa.Field(isin=STATUSES)
    category: Series[str] = pa.Field(str_matches=CATEGORY_NAME, nullable=True)
    subject: Series[str]
    sender: Series[str]
    summary: Series[str]
    translation: Series[str]
    target_language: Series[str]
    action_items: Series[object]
    replies: Series[object]
    urgent: Series[bool]
    reply_wanted: Series[bool]
    rule: Series[str]
    actions: Series[object]
    effects: Series[object] = pa.Field(description="What the actions came to: a list of dicts as in `Effects`.")
    language: Series[str]
    sorted_by: Series[str] = pa.Field(description="Who gave the category, as in `Readings`.")
    needs_reply: Series[bool] = pa.Field(description="Whether a person waits for an answer, as it was read.")
    complexity: Series[str] = pa.Field(isin=COMPLEXITIES, nullable=True)
    confidence: Series[float] = pa.Field(nullable=True)
    reason: Series[str]
    doubts: Series[object]
    kind: Series[str]
    attachments: Series[object]
    parse_defects: Series[object]
    left_out: Series[object] = pa.Field(description="What the model was not given: a list of dicts as in `Messages`.")
    beside: Series[object] = pa.Field(description="What a model was shown beside the mail: a list of names.")
    provider: Series[str]
    model: Series[str]
    model_reason: Series[str]
    calls: Series[int]
    cached_calls: Series[int]
    attempts: Series[int] = pa.Field(description="Requests this run sent for it, retries included.")
    input_tokens: Series[int]
    output_tokens: Series[int]
    cost_usd: Series[float] = pa.Field(nullable=True, description="Null when a price is unknown, never zero instead.")
    simulated: Series[bool]
    seconds: Series[float]
    error_type: Series[str] = pa.Field(isin=ERROR_CODES, nullable=True)
    error: Series[str]
    duplicate_of: Series[str] = pa.Field(description="Key of the mail this one repeats; empty when it is the first.")
    likely_duplicate_of: Series[str] = pa.Field(
        description="Key of an earlier mail that it is likely a copy of, or empty."
    )
    message_key: Series[str]
    processed_at: Series[str] = pa.Field(description="UTC, ISO 8601.")
