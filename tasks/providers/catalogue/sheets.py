"""All providers. A new one is a sheet, named here, and one file in `apis/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tasks.errors import Misconfigured
from tasks.providers.catalogue.anthropic_sheet import ANTHROPIC
from tasks.providers.catalogue.gemini_sheet import GEMINI
from tasks.providers.catalogue.local_sheet import LOCAL
from tasks.providers.catalogue.openai_sheet import OPENAI
from tasks.providers.catalogue.sheet import Sheet
from tasks.settings import CONFIGURED

SHEETS: dict[str, Sheet] = {sheet.name: sheet for sheet in (OPENAI, ANTHROPIC, GEMINI, LOCAL)}

if TYPE_CHECKING:
    ProviderName = str
    ProviderChoice = str
else:
    # Read by the command line and by Prefect's forms, which offer these names.
    ProviderName = Literal[tuple(SHEETS)]
    ProviderChoice = Literal[(CONFIGURED, *SHEETS)]


def sheet_of(provider: str) -> Sheet:
    """The provider's sheet.

    Raises:
        Misconfigured: There is no such provider.
    """
    sheet = SHEETS.get(provider)
    if sheet is None:
        raise Misconfigured(f"There is no provider `{provider}`; choose one of {', '.join(SHEETS)}.")
    return sheet
