"""The default models of each provider and their traits. All names are in the price list."""

from __future__ import annotations

from tasks.errors import Misconfigured
from tasks.providers.catalogue.sheet import Traits, traits_on
from tasks.providers.catalogue.sheets import sheet_of
from tasks.settings import ModelClass


def default_model(provider: str, kind: ModelClass) -> str:
    """The provider's own model for this class of question.

    Raises:
        Misconfigured: Only the operator knows what the provider serves.
    """
    sheet = sheet_of(provider)
    if kind not in sheet.models:
        raise Misconfigured(f"Provider `{provider}` needs a model; set `{sheet.variable('model')}`.")
    return sheet.models[kind]


def traits(provider: str, model: str) -> Traits:
    """The traits of `model`. An unknown one is treated like its provider's newest."""
    return traits_on(sheet_of(provider), model)
