"""With `pseudonymise` a provider sees no known identifier, and nobody who reads the outcome sees a placeholder."""

import json
from pathlib import Path

from sqlalchemy import select

from flows.run.rule_trial import try_rules
from tasks.categories import DEFAULT_CATEGORIES
from tasks.decide.rules import load_rules
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import completions, pseudonyms
from tasks.privacy.placeholders import PLACEHOLDER
from tasks.settings import read_settings

MAIL = """From: Zacharias Quill <zach@quill.example>
To: Orla Finch <orla@us.example>
Subject: Login fails for Zacharias
Message-ID: <1@quill.example>

Dear Orla, the login of Zacharias Quill fails with an error. Please call +49 170 1234567 by Friday.
"""


def test_identifiers_stay_here(provider_env, ledger_url, tmp_path: Path):
    (tmp_path / "mail.eml").write_text(MAIL)
    settings = read_settings(ledger_url=ledger_url, pseudonymise=True, target_language="English")

    (tried,) = try_rules(str(tmp_path / "mail.eml"), load_rules(), settings, DEFAULT_CATEGORIES, most=1)

    with open_ledger(ledger_url).begin() as connection:
        answers = "".join(answer for answer in connection.scalars(select(completions.c.answer)) if answer)
        kept = set(connection.scalars(select(pseudonyms.c.original)))
    assert PLACEHOLDER.search(answers)
    assert {"Zacharias Quill", "zach@quill.example", "+49 170 1234567", "Zacharias"} <= kept
    for secret in ("Zacharias", "Quill", "quill.example", "1234567"):
        assert secret not in answers, "an answer can only repeat what the question said"
    told = json.dumps([tried.row["summary"], tried.row["replies"], tried.row["action_items"]])
    assert "Zacharias" in told
    assert not PLACEHOLDER.search(told)
