"""Reports about approvals: the notes above the next form, the wide page of a form, and the run's final message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tasks.act.approval.form import ApprovalForm
from tasks.act.approval.shown import Version
from tasks.act.approval.verdicts import Decided
from tasks.ledger.effects import Effect

OUT_OF_DATE = "The form that was sent last was OUT OF DATE: nothing of it was done. This is the form as it is now."
_MOST_NAMED = 8


@dataclass(kw_only=True)
class FormOutcome:
    """The decisions of all forms of a run so far, and what was done."""

    counts: Counter[str] = field(default_factory=Counter)
    not_done: list[str] = field(default_factory=list)
    """A sentence for each decision that was not carried out."""
    done: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences about the last form, shown above the next one."""
    left_waiting: set[Version] = field(default_factory=set)
    """Effects that a person left waiting. They are left out of the next form unless their content changes."""

    def out_of_date(self) -> None:
        """Record an answer to an outdated form."""
        self.counts["form out of date"] += 1
        self.notes = [OUT_OF_DATE]

    def add(self, decided: Sequence[Decided], performed: Iterable[Effect]) -> None:
        """Record a form's decisions and the effects that were then performed."""
        self.counts.update(one.word for one in decided)
        now = {effect.effect_id: effect for effect in performed}
        done = [f"{one.shown.name}: {_done(now, one)}." for one in decided if _state(now, one) == "done"]
        not_done = [sentence for one in decided if (sentence := _not_done(now, one))]
        self.counts.update(f"now {effect.state}" for effect in now.values())
        self.done += done
        self.not_done += not_done
        self.left_waiting |= {one.shown.version for one in decided if one.word == "waits"}
        self.notes = (
            _nothing_decided(decided) + [f"NOT DONE: {one}" for one in not_done] + [f"Done: {one}" for one in done]
        )

    def message(self) -> str:
        """The run's final message: the counts, then what was not done, then what was done."""
        counted = ", ".join(f"{count} {word}" for word, count in sorted(self.counts.items()))
        return " ".join([f"{counted}.", *_named("NOT DONE: ", self.not_done), *_named("", self.done)])

    def page(self) -> str:
        """All decisions as markdown."""
        parts = ["# What became of the decisions", "", self.message() if self.counts else "Nothing was decided."]
        for title, lines in (("Not done", self.not_done), ("Done", self.done)):
            if lines:
                parts += ["", f"## {title}", "", *(f"    {line}" for line in lines)]
        return "\n".join(parts)


def page_of(form: ApprovalForm) -> str:
    """The form as markdown, with a title for each effect, for a page that is wider than the form."""
    parts = [f"# {len(form.effects)} held effects wait for a decision (form {form.key})", "", *form.notes]
    for number, shown in enumerate(form.effects, start=1):
        parts += ["", f"## {number}. ({shown.fingerprint})", "", _code(shown.headline), "", _code(shown.text)]
        parts += ["", "The mail it is about:", "", _code(shown.mail)]
    return "\n".join(parts)


def _code(text: str) -> str:
    # Markdown and HTML have no effect in an indented code block.
    return "\n".join(f"    {line}" for line in text.splitlines() or [""])


def _nothing_decided(decided: Sequence[Decided]) -> list[str]:
    if any(one.word != "waits" for one in decided):
        return []
    return [f"You decided nothing on the last form: its {len(decided)} still wait."]


def _state(now: dict[str, Effect], one: Decided) -> str:
    effect = now.get(one.shown.effect.effect_id)
    return effect.state if effect else ""


def _done(now: dict[str, Effect], one: Decided) -> str:
    return now[one.shown.effect.effect_id].detail


def _not_done(now: dict[str, Effect], one: Decided) -> str:
    state = _state(now, one)
    if one.why:
        return f"{one.shown.name}: {one.why}."
    return f"{one.shown.name}: {state}, {_done(now, one)}." if state not in ("", "done") else ""


def _named(before: str, sentences: Sequence[str]) -> list[str]:
    more = len(sentences) - _MOST_NAMED
    named = [f"{before}{one}" for one in sentences[:_MOST_NAMED]]
    return [*named, f"And {more} more, see the artifact `approval-decisions`."] if more > 0 else named
