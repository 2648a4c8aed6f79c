"""What a mail's header says about its conversation."""

import pytest

from tasks.parsing.conversation import Conversation, conversation_of
from tasks.parsing.read_mail import read_mail

OURS = frozenset({"us@us.example"})


def conversation(*fields):
    return conversation_of(read_mail("\r\n".join([*fields, "", "Hello."]).encode()), OURS)


def test_ids_subject_and_people_are_read():
    found = conversation(
        "From: Ann <Ann+shop@A.example>", "To: us@us.example, Bob <bob@b.example>", "Cc: ann@a.example",
        "Subject: Re: AW: [help] Login  fails", "Message-ID: <3@a>", "In-Reply-To: <2@a>", "References: <1@a> <2@a>",
    )  # fmt: skip
    assert found == Conversation(
        own_id="3@a", refers_to=("1@a", "2@a"), subject="login fails", is_answer=True,
        people=("ann@a.example", "bob@b.example"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "is_answer"),
    [("Login", False), ("Re: Login", True), ("Antw.: Login", True), ("Fwd: Login", False), ("WG: Login", False),
     ("Re: Fwd: Login", True), ("Fwd: Re: Login", False), ("", False), ("回复：Login", True)],
)  # fmt: skip
def test_answers_are_told_from_new_mails_and_forwards(subject, is_answer):
    assert conversation("From: ann@a.example", f"Subject: {subject}").is_answer == is_answer


def test_of_very_many_ids_the_first_and_the_last_ones_count():
    ids = " ".join(f"<{number}@a>" for number in range(3_000))
    found = conversation("From: ann@a.example", f"References: {ids[:900]} <last@a>", "Message-ID: <own@a>")

    assert len(found.refers_to) <= 50
    assert (found.refers_to[0], found.refers_to[-1]) == ("0@a", "last@a")


def test_a_mail_that_names_itself_does_not_answer_itself():
    assert conversation("From: a@a.example", "Message-ID: <1@a>", "References: <1@a>").refers_to == ()
