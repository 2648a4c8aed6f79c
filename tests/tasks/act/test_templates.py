"""Replies from the operator's own texts: in the language of the mail, with filled blanks and no link of a stranger."""

from __future__ import annotations

import pytest

from tasks.act.actions import check_action
from tasks.act.destinations import Destinations
from tasks.actions import read_action
from tasks.errors import Misconfigured
from tests.tasks.act.office import Office

TEMPLATES = {
    "hours": {"de": "Guten Tag {name},\nwir haben von 9 bis 18 Uhr offen, siehe https://us.example/zeiten."},
    "frame": {"any": "Dear {name},\n{suggestion}\nYour ticket is about “{subject}”."},
}
HELD = {"action": "draft_reply", "hold": True}


@pytest.fixture
def office(ledger_url):
    office = Office(ledger_url, settings={"templates": TEMPLATES})
    office.receive()
    return office


def text_of(office, template, **columns):
    (told,) = office.act({**HELD, "template": template}, **columns)
    return told["state"], (office.effects()[0].content.get("text") or told["detail"])


def test_a_template_is_the_reply_whatever_the_model_suggests(office):
    state, text = text_of(office, "hours", sender_name="Ann Lee", replies=["See http://evil.example/x", "", ""])

    assert (state, text) == (
        "held",
        "Guten Tag Ann Lee,\nwir haben von 9 bis 18 Uhr offen, siehe https://us.example/zeiten.",
    )


def test_a_suggestion_may_stand_in_a_template_and_is_judged_as_ever(office):
    state, text = text_of(office, "frame", sender_name="")

    assert (state, text) == ("held", "Dear,\nWir sehen es uns an – danke.\nYour ticket is about “Login fails”.")


def test_a_suggestion_with_a_link_is_not_used_in_a_template_either(office):
    assert text_of(office, "frame", replies=["See http://evil.example/x", "", ""])[0] == "skipped"


def test_what_a_mail_fills_in_is_one_line_without_links_or_blanks_of_its_own(office):
    name = "Ann {suggestion} http://evil.example/x\nBcc: evil@e.example"
    _, text = text_of(office, "hours", sender_name=name)

    assert "evil" not in text
    assert text.count("\n") == 1
    assert "{suggestion}" in text, "words of a mail are not filled in"


def test_a_language_without_a_text_is_said(office):
    assert text_of(office, "hours", language="fr") == (
        "skipped", "the template `hours` has no text in the mail's language, nor for any other",
    )  # fmt: skip


@pytest.mark.parametrize("action", ["draft_reply", "send_reply"])
def test_a_rule_that_names_an_unknown_template_is_told_before_any_work(action):
    known = Destinations(templates=TEMPLATES, smtp_host="h", reply_from="a@us.example")

    check_action(read_action({"action": action, "template": "hours"}), known)
    with pytest.raises(Misconfigured, match="`holidays`, which MAILROOM_TEMPLATES does not have; it has `hours`"):
        check_action(read_action({"action": action, "template": "holidays"}), known)


@pytest.mark.parametrize("text", ["Hello {firstname}", "{}", " "])
def test_a_template_with_an_unknown_blank_or_no_text_is_refused(monkeypatch, text):
    with pytest.raises(Misconfigured, match="`x`, `any`: a text"):
        Destinations.read(templates={"x": {"any": text}})


def test_a_template_makes_no_other_effect_of_a_reply(office):
    ids = []
    for template in ("", "hours"):
        office.act({**HELD, "template": template})
        ids.append([one.effect_id for one in office.effects()])

    assert ids[0] == ids[1]
