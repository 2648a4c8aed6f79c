"""Files whose right mails are known, where MAILROOM_CASES names a folder of them (`mail/…`)."""

import os
from pathlib import Path

import pytest

from tasks.mailbox.sources import open_source
from tasks.parsing.read_mail import read_mail

CASES = os.environ.get("MAILROOM_CASES", "")
pytestmark = pytest.mark.skipif(not CASES, reason="MAILROOM_CASES names no folder of mails")

ANN = ("Ann Example", "ann@example.org")
# Of each mail in the file: the sender's name and address, the subject, the text.
EXPECTED = {
    "01_sender_unquoted_at.eml": [
        ("ceo@bank.example", "attacker@evil.example", "01 sender unquoted at", "Please transfer 900 EUR today.")
    ],
    "02_sender_unquoted_comma.eml": [
        ("Müller, Jörg", "joerg@firm.example", "02 sender unquoted comma", "Can we meet on Monday?")
    ],
    "11_iso2022jp_nec.eml": [
        (*ANN, "会議①㈱山田", "会議①は㈱山田商店で行います。№5の資料を送ってください。")
    ],
    "12_utf16_without_bom.eml": [
        (*ANN, "12 utf16 without bom",
         "Dear partner, please send us your new price list for the coming year before the end of this month.")
    ],
    "14_broken_header_line.eml": [(*ANN, "14 broken header line", "The meeting is at 10:30.")],
    "16_first_boundary_missing.eml": [(*ANN, "16 first boundary missing", "Price: 20 €")],
    "20_mbox_undated_no_suffix": [
        ("Ann", "ann@example.org", f"mbox mail {number}", f"Body number {number}.") for number in (1, 2, 3)
    ],
    "21_mixed_separators.mbox": [
        ("Ann", "ann@example.org", "mixed 1", "Body one."),
        ("Carl", "carl@example.org", "mixed 2", "Body two: please pay 70 EUR."),
    ],
    "22_apple_mail.emlx": [(*ANN, "22 apple mail", "Text of the mail.")],
    "25_tnef_rtf_letter.eml": [
        (*ANN, "25 tnef rtf letter", "Please deliver twenty chairs by Friday.\nRegards, Ann")
    ],
    "26_from_line_escaped_first.eml": [(*ANN, "Lunch", "Lunch at noon?")],
}  # fmt: skip


def mails_in(name):
    path = Path(CASES) / "mail" / name
    if not path.exists():
        pytest.skip(f"{name} is not in the folder")
    return [read_mail(one.raw) for one in open_source(str(path)).read()]


@pytest.mark.parametrize("name", EXPECTED)
def test_the_mails_of_a_file_are_read_as_expected(name):
    found = [(one.sender_name, one.sender_address, one.subject, one.text) for one in mails_in(name)]

    assert found == EXPECTED[name]


def test_a_damaged_file_of_outlook_names_a_way():
    (one,) = mails_in("23_outlook.msg")

    assert "Outlook" in one.quarantine
    assert "save it as .eml" in one.quarantine
