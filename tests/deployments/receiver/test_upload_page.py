"""The upload page in a browser: dropped files arrive, and the page contacts no other host."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from deployments.inbox.folder import open_inbox
from deployments.receiver.app import make_app
from tasks.mailbox.inbox import folder_of, list_files
from tasks.settings.inbox import GatherSettings
from tasks.settings.receiver import ReceiverSettings

CHROMIUM = shutil.which("chromium")
ALONE = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture
def url(tmp_path: Path, ledger_url: str) -> Iterator[str]:
    """A receiver that asks for a token."""

    async def announce(_mails: int) -> None:
        return None

    settings = ReceiverSettings(upload_token="open sesame")
    app = make_app(settings, GatherSettings(), open_inbox(tmp_path / "data", ledger_url), ledger_url, announce)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ALONE)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def test_files_are_handed_in_with_the_token_and_nothing_else_is_asked_for(url, page, tmp_path):
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    (tmp_path / "good <b>mail.eml").write_bytes(b"Subject: Hello\n\nHow are you?\n")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    page.goto(f"{url}/upload")
    page.fill("#token", "open sesame")
    page.press("#token", "Enter")
    page.set_input_files("#files", [tmp_path / "good <b>mail.eml", tmp_path / "photo.png"])
    page.wait_for_selector("li.accepted")
    page.wait_for_selector("li.refused")
    assert page.inner_text("li.accepted .name") == "good <b>mail.eml"
    assert "none of .eml" in page.inner_text("li.refused .fate")
    assert len(list_files(folder_of(tmp_path / "data"))) == 1
    page.wait_for_selector("text=waits for a run")
    page.goto(f"{url}/docs")
    page.wait_for_selector("text=POST /webhooks/mail")
    assert all(address.startswith(url) for address in asked)
    assert said == []


def test_a_wrong_token_is_said_where_the_file_stands(url, page, tmp_path):
    (tmp_path / "a.eml").write_bytes(b"Subject: Hello\n\nHow are you?\n")
    page.goto(f"{url}/upload")
    page.set_input_files("#files", tmp_path / "a.eml")
    page.wait_for_selector("li.refused")
    assert "token" in page.inner_text("li.refused .fate")
