"""How often each check failed, as a section of Markdown."""

from __future__ import annotations

from collections import Counter

from tasks.doubts import meaning
from tasks.report.plain import markdown_table


def doubts_table(counts: Counter[str]) -> list[str]:
    """The section's lines, the commonest doubt first; none where there is no doubt."""
    if not counts:
        return []
    rows = [(meaning(name), count) for name, count in counts.most_common()]
    return ["## Answers that failed a check", "", *markdown_table(("check", "times"), rows)]
