"""The kind of a mail: by its software's header fields, then by its words."""

import pytest

from tasks.parsing.kinds import kind_of


def kind(sender="ann@example.com", subject="Hello", types=frozenset(), calendar=False, **fields):
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return kind_of(lambda name: named.get(name, ""), set(types), sender, subject, calendar)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"types": {"message/feedback-report", "message/delivery-status"}}, "feedback"),
        ({"types": {"message/delivery-status"}}, "bounce"),
        ({"content_type": "multipart/report; report-type=delivery-status"}, "bounce"),
        ({"sender": "MAILER-DAEMON@example.com", "subject": "Undelivered Mail Returned to Sender"}, "bounce"),
        ({"sender": "postmaster@example.de", "subject": "Unzustellbar: Angebot"}, "bounce"),
        ({"sender": "MAILER-DAEMON", "subject": "Warning", "x_autoreply": "yes"}, "bounce"),
        ({"sender": "", "from": "<>", "subject": "Mail delivery failed"}, "bounce"),
        ({"return_path": "<>", "subject": "Minutes of Monday"}, "mail"),
        ({"sender": "postmaster@example.de", "subject": "Quota report"}, "mail"),
        ({"subject": "Undelivered parcel: where is it?"}, "mail"),
        ({"types": {"message/disposition-notification"}}, "auto_reply"),
        ({"auto_submitted": "auto-replied (vacation)"}, "auto_reply"),
        ({"auto_submitted": "auto-generated"}, "mail"),
        ({"x_autoreply": "yes"}, "auto_reply"),
        ({"x_autoreply": "no"}, "mail"),
        ({"subject": "Automatic reply: Budget"}, "auto_reply"),
        ({"subject": "Re: Out of office until Monday"}, "auto_reply"),
        ({"subject": "Abwesenheitsnotiz: Budget"}, "auto_reply"),
        ({"subject": "自動返信: 会議"}, "auto_reply"),
        ({"subject": "Vacation request for July"}, "mail"),
        ({"subject": "Abwesenheit am Freitag"}, "mail"),
        ({"subject": "The office automatic door"}, "mail"),
        ({"calendar": True}, "calendar"),
        ({"calendar": True, "auto_submitted": "auto-replied"}, "auto_reply"),
        ({"list_id": "<news.example.com>"}, "list"),
        ({"precedence": "Bulk"}, "list"),
        ({}, "mail"),
    ],
)
def test_the_kind(given, expected):
    assert kind(**given) == expected
