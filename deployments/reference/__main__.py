"""`python -m deployments.reference`: write the reference pages."""

from __future__ import annotations

from pathlib import Path

from deployments.reference.pages import decisions_page, errors_page, settings_page

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> None:
    """Write `docs/settings.md`, `docs/errors.md` and the index of the decisions."""
    (DOCS / "settings.md").write_text(settings_page(), encoding="utf-8")
    (DOCS / "errors.md").write_text(errors_page(), encoding="utf-8")
    (DOCS / "decisions" / "README.md").write_text(decisions_page(DOCS / "decisions"), encoding="utf-8")


if __name__ == "__main__":
    main()
