"""The form of a paused run in both of Prefect's UIs, used and measured as it is visible on a screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from playwright.sync_api import Locator, Page

Ui = Literal["v1", "v2"]
UIS: tuple[Ui, ...] = ("v1", "v2")
# Text may be cut at its sides, or lie in a scroll area inside another; both hide it from a person.
_MEASURE = """(text) => {
  const scrolled = [];
  let cut = 0;
  for (let one = text; one && one.getAttribute('role') !== 'dialog' && one !== document.body; one = one.parentElement) {
    const style = getComputedStyle(one);
    const clips = value => ['auto', 'scroll', 'hidden', 'clip'].includes(value);
    if (clips(style.overflowY) && one.scrollHeight > one.clientHeight + 1) scrolled.push(one.getBoundingClientRect());
    if (clips(style.overflowX)) cut = Math.max(cut, one.scrollWidth - one.clientWidth);
  }
  const room = scrolled.at(-1) ?? {top: 0, bottom: innerHeight};
  const all = document.createRange();
  all.selectNodeContents(text);
  const boxes = [...all.getClientRects()].filter(box => box.width > 0);
  const inside = box => box.top >= Math.max(room.top, 0) - 2 && box.bottom <= Math.min(room.bottom, innerHeight) + 2 &&
    box.left >= 0 && box.right <= innerWidth;
  const bottom = Math.max(...boxes.map(box => box.bottom)), top = Math.min(...boxes.map(box => box.top));
  return {
    text: text.innerText, areas: scrolled.length, cut: cut, height: bottom - top, boxes: boxes.length,
    room: Math.min(room.bottom, innerHeight) - Math.max(room.top, 0), visible: boxes.filter(inside).length,
  };
}"""


@dataclass
class ResumeForm:
    """Opens the form of a run; entries are counted from 0, in the order they have on it."""

    page: Page
    ui_url: str
    ui: Ui

    def open(self, run_id: Any) -> ResumeForm:
        """Go to the run's page and press what leads to the form of effects, which is drawn by then."""
        self.reach(run_id).text_of(0, "What would be done").wait_for()
        return self

    def reach(self, run_id: Any) -> ResumeForm:
        """Go to the run's page and press what leads to the form, whatever it asks."""
        base = self.ui_url if self.ui == "v1" else f"{self.ui_url}/v2"
        self.page.goto(f"{base}/runs/flow-run/{run_id}")
        if self.ui == "v2":
            self.page.locator("button:has(svg.lucide-ellipsis-vertical)").first.click()
            self.page.get_by_role("menuitem", name="Resume").click()
        else:
            self.page.get_by_role("button", name="Resume").first.click()
        self.dialog.locator("textarea").first.wait_for()  # until then only grey boxes are drawn
        return self

    @property
    def dialog(self) -> Locator:
        """The form itself."""
        return self.page.locator(".p-modal" if self.ui == "v1" else "[role=dialog]")

    def part(self, number: int, title: str) -> Locator:
        """One part of an entry with its title."""
        field = ".schema-form-property" if self.ui == "v1" else ".group"
        inner = self.dialog.locator(f"{field}:not(:has({field}))")
        return inner.filter(has_text=title).nth(number)

    def text_of(self, number: int, title: str) -> Locator:
        """The text that a part shows in full."""
        shown = ".p-code-highlight__code-wrapper" if self.ui == "v1" else ".cm-content"
        return self.part(number, title).locator(shown)

    def sign(self, name: str) -> None:
        """Give a name."""
        self.dialog.locator("textarea").first.fill(name)

    def choose(self, number: int, value: str, title: str = "Your decision") -> None:
        """Choose in a part that offers a choice."""
        part = self.part(number, title)
        if self.ui == "v1":
            part.locator(".p-select-button__control").press("ArrowDown")
            self.page.locator(".p-select-option").get_by_text(value, exact=True).click()
        else:
            part.locator("button[aria-haspopup=listbox]").click()
            self.page.get_by_role("option", name=value, exact=True).click()

    def write(self, number: int, text: str) -> None:
        """Change a reply's text."""
        self.part(number, "The text, to change").locator("textarea").fill(text)

    def submit(self) -> None:
        """Send the form."""
        self.dialog.get_by_role("button", name="Submit" if self.ui == "v1" else "Resume", exact=True).click()

    def measured(self, number: int, title: str, end: Literal["start", "end"]) -> dict[str, Any]:
        """Where the text of a part is once a person scrolled to this end of it; what is far away may not be drawn."""
        text = self.text_of(number, title)
        text.evaluate("(one, end) => one.scrollIntoView({block: end})", end)
        self.page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        found: dict[str, Any] = text.evaluate(_MEASURE)
        return found
