"""How much of what authors wrote is lost, and how much history is left, over public mails and over built ones.

In a built mail it is known whose each sentence is. In a public mail only the plain text is judged, by signs that nobody
disputes. A line that begins with `>` is quoted. The line above it that ends with a colon, and all lines below `-- `,
are nobody's. The rest is the author's.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from tasks.parsing.mail import Mail
from tasks.parsing.read_mail import read_mail
from tests.benchmarks.built_replies import built_forwards, built_replies

MOST_LOST, MOST_LEFT = 0.005, 0.03
MIN_WORDS = 3
WORD = re.compile(r"[^\W_]+")


@dataclass
class Judgement:
    """Counts over all mails judged so far; what is left out with a doubt is not lost."""

    counts: Counter[str] = field(default_factory=Counter)
    lost_in: list[str] = field(default_factory=list)

    def add(self, name: str, mail: Mail, own: list[str], old: list[str]) -> None:
        """Judge one mail by the author's phrases and the history's."""
        text = spaced(mail.text)
        lost = [phrase for phrase in own if spaced(phrase) not in text] if not mail.doubts else []
        self.counts["mails_judged"] += 1
        self.counts["author_words"] += sum(map(count_words, own))
        self.counts["words_lost"] += sum(map(count_words, lost))
        self.counts["history_phrases"] += len(old)
        self.counts["phrases_left"] += 0 if mail.doubts else sum(spaced(phrase) in text for phrase in old)
        self.counts["lost_all"] += bool(own) and len(lost) == len(own)
        self.counts["doubted"] += bool(mail.doubts)
        if lost:
            self.lost_in.append(f"{name}: {lost[0][:60]}")

    def figures(self) -> dict[str, float]:
        """The figures of the last JSON line; the two shares are of words and of phrases."""
        counts = self.counts
        return {
            "mails_judged": counts["mails_judged"],
            "author_words_lost": round(counts["words_lost"] / max(1, counts["author_words"]), 5),
            "history_left": round(counts["phrases_left"] / max(1, counts["history_phrases"]), 5),
            "lost_all": counts["lost_all"],
            "doubted": counts["doubted"],
        }

    def within_bounds(self) -> bool:
        found = self.figures()
        return found["author_words_lost"] <= MOST_LOST and found["history_left"] <= MOST_LEFT and not found["lost_all"]


def judge_built(judgement: Judgement) -> None:
    """Judge built answers and forwards; all of a forward is its author's wish, and counts as written."""
    for built in built_replies():
        judgement.add(built.name, read_mail(built.raw), list(built.own), list(built.old))
    for built in built_forwards():
        judgement.add(built.name, read_mail(built.raw), [*built.own, *built.old], [])


def judge_public(judgement: Judgement, name: str, mail: Mail, plain: str) -> None:
    """Judge a public mail by the body that a plain reading found, where it is plain text that we read as such."""
    if mail.body_source != "text" or mail.encrypted or mail.quarantine:
        return
    known = spaced("\n".join([mail.text, mail.quoted, mail.signature, mail.hidden_text]))
    own, old = by_marks(plain)
    # What a plain reading decodes otherwise than we do is judged as text elsewhere.
    judgement.add(
        name, mail, [one for one in own if spaced(one) in known], [one for one in old if spaced(one) in known]
    )


def by_marks(plain: str) -> tuple[list[str], list[str]]:
    """Return the phrases of the author and of the history, one a line, by the marks of the lines alone."""
    lines = plain.replace("\r", "").split("\n")
    own: list[str] = []
    old: list[str] = []
    for at, line in enumerate(lines):
        if line.startswith("-- ") or line.rstrip() == "--":
            break
        marked = line.startswith(">") and not line.startswith(">From ")
        heads = line.rstrip().endswith(":") and any(below.startswith(">") for below in lines[at + 1 : at + 3])
        if count_words(line) >= MIN_WORDS and not heads:
            (old if marked else own).append(line.lstrip("> "))
    return own, old


def count_words(text: str) -> int:
    return len(WORD.findall(text))


def spaced(text: str) -> str:
    return " ".join(text.split())
