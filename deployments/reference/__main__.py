"""`python -m deployments.reference`: write the reference pages."""

from __future__ import annotations

from pathlib import Path

from deployments.reference.pages import errors_page, settings_page

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> None:
    """Write `docs/settings.md` and `docs/errors.md`."""
    (DOCS / "settings.md").write_text(settings_page(), encoding="utf-8")
    (DOCS / "errors.md").write_text(errors_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
