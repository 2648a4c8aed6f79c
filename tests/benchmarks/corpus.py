"""`make corpus`: compares how we read the public mails in MAILROOM_CORPUS with a plain reading, by source.

`corpus_words` judges over these mails and over built ones whose words are in the text. The plain reading is what
tutorials do: the standard library's default policy, `get_body`, `get_content`.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tasks.parsing.mail import Mail
from tasks.parsing.read_mail import read_mail
from tests.benchmarks.corpus_expected import Checked, compare
from tests.benchmarks.corpus_words import Judgement, judge_built, judge_public

COLUMNS = {
    "mails": "mails",
    "rows": "rows",
    "exceptions": "raised",
    "with_defects": "with defects",
    "quarantined": "quarantined",
    "empty": "no text",
    "wrongly_empty": "wrongly empty",
    "replaced": "charset replaced",
    "naive_raises": "plain: raises",
    "naive_empty": "plain: no text",
    "naive_damaged": "plain: with \ufffd",
    "expected": "expected",
    "right": "as expected",
}


def corpus_mails(root: Path) -> list[Path]:
    """Return the mails that the corpus's manifest lists."""
    with (root / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        return [root / row["path"] for row in csv.DictReader(file) if row["kind"] == "mail"]


def plain_reading(raw: bytes) -> str:
    """Return the body as tutorials read it; raises what that raises."""
    message = message_from_bytes(raw, policy=default)
    for name in ("subject", "from", "to", "date"):
        str(message[name] or "")
    body = message.get_body(("plain", "html"))
    return str(body.get_content()) if body is not None else ""


def read_beside(mail: Mail) -> bool:
    """Return whether what is no text of this mail was read as a file of it: a picture that calls itself text."""
    return any(one.fate in ("text", "media") for one in mail.attachments)


def counted(path: Path, checks: list[Checked], judgement: Judgement) -> Counter[str]:
    """Return what one mail adds to its source's row."""
    raw = path.read_bytes()
    count = Counter({"mails": 1})
    try:
        mail: Mail | None = read_mail(raw)
    except Exception:
        mail = None
    count["exceptions"] += mail is None or mail.quarantine.startswith("the reader failed")
    try:
        plain = plain_reading(raw)
    except Exception:
        plain = ""
        count["naive_raises"] += 1
    count["naive_empty"] += not plain.strip()
    count["naive_damaged"] += "\ufffd" in plain
    if mail is not None:
        count["rows"] += 1
        count["with_defects"] += bool(mail.parse_defects)
        count["quarantined"] += bool(mail.quarantine)
        count["empty"] += not mail.text
        count["wrongly_empty"] += not mail.text and bool(plain.strip()) and not read_beside(mail)
        count["replaced"] += mail.charset_note.startswith("replaced")
        judge_public(judgement, f"{path.parent.name}/{path.name}", mail, plain)
        found = list(compare(path, mail))
        checks += found
        count["expected"] += len(found)
        count["right"] += sum(one.right for one in found)
    return count


def by_source(root: Path, checks: list[Checked], judgement: Judgement) -> Iterator[tuple[str, Counter[str]]]:
    """Give each source's counts, and those of all together last."""
    rows: dict[str, Counter[str]] = {}
    for path in corpus_mails(root):
        rows.setdefault(path.relative_to(root).parts[0], Counter()).update(counted(path, checks, judgement))
    yield from rows.items()
    yield "all", sum(rows.values(), Counter())


def main() -> int:
    named = os.environ.get("MAILROOM_CORPUS")
    if not named or not (Path(named) / "MANIFEST.csv").exists():
        print("Set MAILROOM_CORPUS to a folder of mails with a MANIFEST.csv (columns path, kind) to read them all.")
        return 2
    checks: list[Checked] = []
    table = Table("source", *COLUMNS.values(), title="Public mails, as read here and plainly")
    judgement = Judgement()
    judge_built(judgement)
    total: Counter[str] = Counter()
    for name, total in by_source(Path(named), checks, judgement):
        table.add_row(name, *(f"{total[column]:,}" for column in COLUMNS))
    console = Console(width=200)
    console.print(table)
    for one in checks:
        if not one.right:
            console.print(f"{one.path} {one.field}: expected {one.expected!r}, read {one.read!r}", markup=False)
    for lost in judgement.lost_in:
        console.print(f"Lost without a doubt: {lost}", markup=False)
    figures = {"files": total["mails"]} | {column: total[column] for column in COLUMNS if column != "mails"}
    print(json.dumps(figures | judgement.figures()))
    read_all = total["rows"] == total["mails"] and not total["exceptions"]
    return 0 if read_all and judgement.within_bounds() else 1


if __name__ == "__main__":
    sys.exit(main())
