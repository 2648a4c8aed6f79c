"""A headless browser that records requests to other hosts and errors in its console."""

import shutil
from types import SimpleNamespace

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Without these the browser looks for its maker's hosts by itself.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# The console would name an error by its class, which is one letter or two in a page that was made small.
ERRORS_BY_THEIR_WORDS = """{
  const say = console.error;
  console.error = (...told) => say(...told.map(one => one instanceof Error ? `${one.name}: ${one.message}` : one));
}"""


@pytest.fixture
def page():
    """An empty page; `page.told` holds `elsewhere` (addresses) and `errors` (of the console)."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt install chromium), so nobody looked at the UI")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 1400})
        page.set_default_timeout(60_000)
        page.add_init_script(ERRORS_BY_THEIR_WORDS)
        page.told = SimpleNamespace(elsewhere=[], errors=[])
        page.on("request", lambda request: _note(request.url, page.told.elsewhere))
        page.on("console", lambda line: page.told.errors.append(line.text) if line.type == "error" else None)
        yield page
        browser.close()


def _note(url, elsewhere):
    if not url.startswith(("http://127.0.0.1", "data:", "blob:")):
        elsewhere.append(url)
