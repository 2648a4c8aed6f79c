"""How often each check failed, as a section of Markdown."""

from __future__ import annotations

from collections import Counter

from tasks.doubts import meaning


def doubts_table(counts: Counter[str]) -> list[str]:
    """The section's lines, the commonest doubt first; none where there is no doubt."""
    if not counts:
        return []
    lines = [f"| {meaning(name)} | {count} |" for name, count in counts.most_common()]
    return ["## Answers that failed a check", "", "| check | times |", "| --- | --- |", *lines, ""]
