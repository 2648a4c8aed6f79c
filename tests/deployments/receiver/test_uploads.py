"""Files posted to `/upload`."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

MAIL = b"From: a@example.org\nSubject: Hello\n\nHow are you?\n"
CSV = b"id,content,sender,subject\n1,hello,a@example.org,hi\n"
MBOX = b"From a@example.org Fri Nov 13 10:00:00 2026\n" + MAIL


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return buffer.getvalue()


def hand_in(receiver, *files: tuple[str, bytes], **kwargs):
    return receiver.client.post("/upload", files=[("file", file) for file in files], **kwargs)


def test_every_kind_of_file_is_taken_and_keeps_its_name_and_bytes(receiver):
    files = {"a.eml": MAIL, "b.mbox": MBOX, "c.CSV": CSV, "d.zip": archive(x=MAIL)}
    answer = hand_in(receiver, *files.items())
    assert answer.status_code == 202
    assert [file["status"] for file in answer.json()["files"]] == ["accepted"] * 4
    kept = receiver.files()
    assert sorted(kept.values()) == sorted(files.values())
    assert {re.sub(r"^[0-9a-f]{32}-0-", "", name) for name in kept} == {"a.eml", "b.mbox", "c.csv", "d.zip"}


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.exe", b"MZ", "none of .eml"),
        ("noname", MAIL, "none of .eml"),
        ("a.eml", b" \n", "empty"),
        ("a.csv", b"x,y\n1,2\n", "`id`, `content`"),
        ("a.csv", b"id,content,sender,subject\n", "without rows"),
        ("a.mbox", b"no mbox", "begins with neither a line"),
        ("a.zip", b"no zip", "no zip archive"),
        ("a.zip", archive(), "no file in it"),
        ("a.zip", archive(x=MAIL)[:-30], "damaged"),
    ],
)
def test_a_file_that_holds_no_mail_is_refused_with_the_reason(receiver, name, content, why):
    answer = hand_in(receiver, (name, content))
    (file,) = answer.json()["files"]
    assert (answer.status_code, file["status"]) == (200, "refused")
    assert why in file["reason"]
    assert receiver.files() == {}


def test_a_bad_file_does_not_keep_a_good_one_out(receiver):
    answer = hand_in(receiver, ("a.exe", b"MZ"), ("a.eml", MAIL))
    assert [file["status"] for file in answer.json()["files"]] == ["refused", "accepted"]


def test_the_same_file_twice_is_kept_once(receiver):
    assert [file["status"] for file in hand_in(receiver, ("a.eml", MAIL), ("b.eml", MAIL)).json()["files"]] == [
        "accepted",
        "duplicate",
    ]
    assert hand_in(receiver, ("c.eml", MAIL)).json()["files"][0]["status"] == "duplicate"
    assert len(receiver.files()) == 1


@pytest.mark.parametrize("name", ["../../etc/passwd.eml", "C:\\mail\\x.eml", "\x00\n.eml", "é" * 300 + ".eml", "..eml"])
def test_a_files_name_stays_inside_the_inbox(receiver, name):
    answer = hand_in(receiver, (name, MAIL))
    assert answer.json()["files"][0]["status"] == "accepted"
    (kept,) = receiver.files()
    assert re.fullmatch(r"[0-9a-f]{32}-0[A-Za-z0-9_.-]{0,70}", kept)


def test_a_form_without_files_is_refused(receiver):
    assert receiver.client.post("/upload", data={"file": "text"}).status_code == 415
    assert receiver.client.post("/upload", data={"x": "y"}, files={"f": ("", b"")}).status_code == 422


def test_token_is_asked_for_but_not_by_the_page(start_receiver):
    receiver = start_receiver(upload_token="open sesame")
    assert hand_in(receiver, ("a.eml", MAIL)).status_code == 401
    assert hand_in(receiver, ("a.eml", MAIL), headers={"authorization": "Bearer guess"}).status_code == 401
    assert hand_in(receiver, ("a.eml", MAIL), headers={"authorization": "Bearer open sesame"}).status_code == 202
    assert receiver.client.get("/runs/00000000-0000-0000-0000-000000000000").status_code == 401
    assert receiver.client.get("/upload").status_code == 200


@pytest.mark.parametrize("page", ["/upload", "/docs"])
def test_pages_load_nothing_from_elsewhere(receiver, page):
    answer = receiver.client.get(page)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    parts = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert parts
    assert all(receiver.client.get(f"/{part}").status_code == 200 for part in parts)
    assert not re.search(r"https?://", answer.text)


def test_only_the_pages_own_parts_are_served(receiver):
    for name in ("upload.html", "..%2Fapp.py", "../app.py", "nothing.js"):
        assert receiver.client.get(f"/static/{name}").status_code == 404
