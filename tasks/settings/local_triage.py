"""Settings of the classifier that sorts mails without a model."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from tasks.settings.section import Section


class LocalTriageSettings(Section):
    title: ClassVar[str] = "Local triage"

    local_triage: Literal["off", "certified"] = Field(
        "off", description="Whether the classifier that `train-triage` made sorts mails where its error is bounded."
    )
    local_alpha: float = Field(0.05, gt=0, lt=0.5, description="Share of its answers that may differ from a model's.")
    local_delta: float = Field(0.05, gt=0, lt=0.5, description="The chance that this bound does not hold.")
    local_never: tuple[str, ...] = Field(("URGENT",), description="Categories that a model is always asked about.")
    local_sample: float = Field(
        0.05, ge=0.01, le=1, description="Share of its answers that a model is asked for as well, so that drift shows."
    )
