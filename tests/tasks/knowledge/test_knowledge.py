"""A folder of own texts: what fits a mail is found and shown as data, and a reply may say that and no more."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import beside, policies
from tasks.errors import Misconfigured
from tasks.frames import Messages
from tasks.ingest.our_passages import with_passages
from tasks.knowledge.index import index_of
from tasks.knowledge.passages import MOST_BYTES, split_text
from tasks.providers.catalogue.tokens import estimate_tokens
from tasks.settings import Settings
from tasks.understand.checks import doubts_of
from tasks.understand.understand import analysis_question
from tests.made_rows import message_row

TEXTS = {
    "prices.md": "# Prices\n\nThe small box costs 12 EUR, the large one 24 EUR.\n\n## Delivery\n\nDelivery within "
    "Germany takes three days and costs 4.90 EUR.\nDelivery to Austria takes five days.",
    "returns.txt": "Returns\n=======\n\nGoods may be returned within 30 days. The buyer pays the postage of returns.",
    "de/zeiten.md": "# Öffnungszeiten\n\nUnser Laden in Köln ist montags bis freitags von 9 bis 18 Uhr geöffnet.",
    "ja.md": "# 営業時間\n\n営業時間は月曜日から金曜日の九時から十八時までです。",
    "other.md": "# Team\n\nMaria Lindqvist leads our warehouse.\n\n# Warranty\n\nThe warranty of machines is 2 years.",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in TEXTS.items():
        path = tmp_path / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "texts"


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("How long does the delivery to Austria take, and what does delivering cost?", "prices.md, Delivery"),
        ("Can I return the goods, and who pays the postage?", "returns.txt, Returns"),
        ("Wann hat Ihr Laden in Köln geöffnet?", "de/zeiten.md, Öffnungszeiten"),
        ("金曜日の営業時間を教えてください。", "ja.md, 営業時間"),
        ("Do your machines have a warranty of more than a year?", "other.md, Warranty"),
        ("Hello, thank you and see you soon.", None),
        ("", None),
        ('") OR terms:* NOT "', None),
    ],
)
def test_the_passage_that_answers_is_found_first_and_none_where_none_does(folder, question, name):
    found = index_of(folder).search(question)

    assert [one.name for one in found][:1] == ([name] if name else [])


def test_a_file_that_changed_is_read_again_and_others_stay(folder):
    before = index_of(folder)
    assert index_of(folder) is before
    (folder / "returns.txt").write_text("Returns of used goods are not possible, whoever pays the postage.")
    os.utime(folder / "returns.txt", ns=(1, 1))

    assert index_of(folder).search("Who pays the postage of returns?")[0].text.startswith("Returns of used")


def test_what_cannot_be_read_is_left_out_and_a_folder_that_is_not_there_is_named(folder, tmp_path, caplog):
    (folder / "long.txt").write_text("a " * MOST_BYTES)
    (folder / "bytes.txt").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "secret.txt").write_text("The postage of returns is a secret.")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")

    assert all("secret" not in one.text for one in index_of(folder).search("postage of returns secret"))
    assert ["long.txt" in caplog.text, "bytes.txt" in caplog.text] == [True, True]
    with pytest.raises(Misconfigured, match="there is no folder"):
        index_of(tmp_path / "nowhere")


@given(st.text(max_size=3_000) | st.lists(st.sampled_from(["# Head\n", "\n\n", "word ", "。", "x" * 900])).map("".join))
def test_passages_hold_the_words_of_a_text_in_bounds(text):
    passages = list(split_text("a.md", text))

    assert all(len(one.text) < 1_800 for one in passages)
    lost = set("".join(text.split())) - set("".join(one.text for one in passages))
    assert lost <= set('#=-~^" ') or not passages or "#" in text


def row_of(folder, most_tokens=600, **columns):
    rows = {"m1": message_row(subject="Delivery", text="How long does delivery to Austria take?", **columns)}
    with_passages(rows, Settings(knowledge_dir=folder, knowledge_tokens=most_tokens))
    return rows["m1"]


def test_passages_are_shown_within_a_bound_as_data_where_replies_are_asked_for(folder):
    row = row_of(folder)
    replies, summary = (analysis_question(row, frozenset(some), None) for some in (["replies"], ["summary"]))

    assert "takes five days" in replies.text
    assert "[passage KEY]" in replies.instructions
    assert "takes five days" not in summary.text
    assert estimate_tokens("\n".join(beside.blocks(row_of(folder, 150)))) <= 150
    assert row_of(folder, unreadable="broken")["passages"] == []
    assert beside.names(row)[0] == "passage prices.md, Delivery"


def test_a_passage_that_changed_is_another_question_to_the_cache(folder):
    def key(row):
        return policies.same_mails_same_question(None, {"messages": Messages.of([row]), "question": "q"})

    before = key(row_of(folder))
    assert key(row_of(folder)) == before
    (folder / "prices.md").write_text("# Delivery\n\nDelivery to Austria takes nine days.")
    assert key(row_of(folder)) != before != key(message_row(text="How long does delivery to Austria take?"))


@pytest.mark.parametrize(
    ("reply", "doubt"),
    [
        ("Delivery to Austria takes five days and costs 4.90 EUR.", []),
        ("Delivery to Austria costs 19.50 EUR.", ["reply_numbers"]),
        ("Delivery to Austria is done by Johansson Logistics.", ["reply_names"]),
        ("Delivery to Austria takes five days, dear Ann.", []),
    ],
)
def test_a_reply_may_say_what_mail_or_passages_say(folder, reply, doubt):
    row = row_of(folder, sender="Ann Lee <ann@a.example>", sender_name="Ann Lee")

    assert doubts_of({"replies": [reply, "Thank you.", "We will look at it."]}, row, None) == doubt
    if "4.90" in reply:
        bare = {**row, "passages": []}
        assert doubts_of({"replies": [reply, "Thank you.", "We will look."]}, bare, None) == ["reply_numbers"]
