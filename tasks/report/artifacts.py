"""What a run's report says in Prefect's UI, in words and numbers that are ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.categories import Categories
from tasks.report.plain import plain_cell
from tasks.report.plots import bars
from tasks.report.summary import EFFECTS_SHOWN, STATUSES_SHOWN, Summary

_MEANING = {
    "summary_length": "The summary has not 2 or 3 sentences.",
    "translation_language": "The translation is not in the language asked for.",
    "translation_empty": "There is no translation.",
    "quote_not_in_mail": "An action item rests on words that are not in the mail.",
    "reply_too_long": "A suggested reply has more than 50 words.",
    "reply_names_address": "A suggested reply names a link or an address; it is never used.",
    "not_sent": "An attachment was not sent to the model.",
    "answers_in_quote": "The mail says little itself; what it says may stand in what it quotes.",
    "mostly_left_out": "Most of the mail was taken for earlier mails and left out.",
    "all_text_hidden": "All text of the mail is styled to be hidden; it was read all the same.",
}


def report_text(summary: Summary, categories: Categories, *, source: str, folder: str, estimate: str) -> str:
    """The report as Markdown."""
    parts = [f"# {summary.sentence()}", ""]
    if summary.simulated:
        parts += ["> **Simulated.** A simulator answered in the providers' place; nothing was paid.", ""]
    if summary.mails:
        sorted_into = {name: summary.categories[name] for name in categories.in_order(summary.categories)}
        statuses: dict[str, int] = {name: summary.statuses[name] for name in STATUSES_SHOWN if summary.statuses[name]}
        parts += [f"![counts]({bars(sorted_into, statuses, ('Mails by category', 'Mails by status'))})", ""]
        parts += _table(("category", "mails"), sorted_into) + _table(("status", "mails"), statuses)
    parts += _table(("what", "how much"), _figures(summary, source, folder, estimate))
    parts += _effects(summary) + _errors(summary) + _doubts(summary)
    parts += _table(("model", "mails"), dict(summary.models.most_common()))
    return "\n".join(parts)


def _figures(summary: Summary, source: str, folder: str, estimate: str) -> dict[str, Any]:
    sent = f"{summary.calls - summary.cached_calls} asked for, {summary.cached_calls} known from before"
    return {
        "Source": f"`{plain_cell(source, 200)}`",
        "Time": f"{summary.seconds:.1f} s",
        "Urgent": summary.urgent,
        "Reply wanted": summary.reply_wanted,
        "Answers": f"{sent}, in {summary.attempts} requests",
        "Tokens": f"{summary.input_tokens:,} in, {summary.output_tokens:,} out",
        "Cost": summary.cost(),
        "Estimated": estimate or "–",
        "Files": f"`{plain_cell(folder, 200)}`",
    }


def _effects(summary: Summary) -> list[str]:
    if not summary.effects:
        return []
    counts = {state: summary.effects[state] for state in EFFECTS_SHOWN if summary.effects[state]}
    return ["## Effects", "", *_table(("state", "effects"), counts), *_not_done(summary)]


def _not_done(summary: Summary) -> list[str]:
    if not summary.not_done:
        return []
    lines = [
        f"| {one['action']} | {plain_cell(one['target'], 60)} | {one['state']} | {plain_cell(one['detail'], 200)} | "
        f"{one['message_key'][:12]} |"
        for one in summary.not_done
    ]
    more = summary.effects_not_done - len(summary.not_done)
    rest = [f"… and {more} more; the outcome files have them all.", ""] if more else []
    head = ["| action | target | state | why | mail |", "| --- | --- | --- | --- | --- |"]
    return ["### Not done", "", *head, *lines, "", *rest]


def _errors(summary: Summary) -> list[str]:
    if not summary.errors:
        return []
    rows = [(name, count, plain_cell(summary.advice[name], 300)) for name, count in summary.errors.most_common()]
    lines = [f"| {name} | {count} | {advice} |" for name, count, advice in rows]
    return ["## Errors", "", "| type | mails | what happened, and what to do |", "| --- | --- | --- |", *lines, ""]


def _doubts(summary: Summary) -> list[str]:
    if not summary.doubts:
        return []
    lines = [f"| {_MEANING.get(name, name)} | {count} |" for name, count in summary.doubts.most_common()]
    return ["## Answers that failed a check", "", "| check | times |", "| --- | --- |", *lines, ""]


def _table(head: tuple[str, str], rows: Mapping[str, Any]) -> list[str]:
    if not rows:
        return []
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return [f"| {head[0]} | {head[1]} |", "| --- | --- |", *lines, ""]
