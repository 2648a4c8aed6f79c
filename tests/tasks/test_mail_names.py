"""A mail's name in logs."""

import pytest

from tasks.mail_names import effect_name, mail_name

MAIL = {"message_key": "420ab5224d6e99", "source_id": "in/one.eml", "subject": "Lunch", "sender": "ann@example.org"}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, '420ab5224d6e "Lunch" (example.org)'),
        ({"subject": ""}, '420ab5224d6e "one.eml" (example.org)'),
        ({"sender": ""}, '420ab5224d6e "Lunch"'),
        ({"subject": "a\r\nERROR forged\x1b[2J\u202e"}, '420ab5224d6e "a ERROR forged [2J" (example.org)'),
        ({"subject": "x" * 41}, f'420ab5224d6e "{"x" * 39}…" (example.org)'),
    ],
)
def test_a_mail_is_named_in_one_short_line(changes, name):
    assert mail_name(MAIL | changes, subjects=True) == name


def test_a_mail_is_named_by_its_key_alone_where_subjects_must_not_be_told():
    assert mail_name(MAIL, subjects=False) == "420ab5224d6e"


@pytest.mark.parametrize(
    ("target", "subjects", "name"),
    [
        ("ann@example.org", True, "draft_reply to someone at example.org"),
        ("Ann <ann@example.org>", True, "draft_reply to someone at example.org"),
        ("ann@example.org", False, "draft_reply"),
        ("drafts", False, "draft_reply drafts"),
        ("", True, "draft_reply"),
    ],
)
def test_an_effect_is_named_by_action_and_recipient_and_no_address_is_told(target, subjects, name):
    assert effect_name("draft_reply", target, subjects=subjects) == name
