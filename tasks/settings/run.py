"""The settings of a run: read once when it begins and passed down, as values only, so tasks may be given them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from tasks.settings.local_triage import LocalTriageSettings
from tasks.settings.replies import ReplySettings
from tasks.settings.section import DataDir, Section

CONFIGURED = "configured"
"""A form's value for a setting that is taken from the environment."""
ModeChoice = Literal["configured", "normal", "economy"]
ModelClass = Literal["triage", "simple", "medium", "complex"]


class WorkSettings(Section):
    title: ClassVar[str] = "Mail and work"

    source: str | None = Field(
        None,
        description="Where the mail is: a folder, a Maildir, an .mbox, .eml, .zip, .csv, .jsonl or .parquet file, "
        "or an address.",
    )
    again: bool = Field(False, description="Also process mails that were processed before.")
    chunk_rows: int = Field(100, ge=1, le=500, description="Mails in one task run.")
    chunk_workers: int = Field(2, ge=1, le=64, description="Chunks in a window, which are processed at the same time.")
    concurrency: int = Field(50, ge=1, le=1_000, description="Most provider calls in flight in a process.")
    task_runner: Literal["threads", "processes", "dask", "ray"] = Field(
        "threads", description="Where chunks are processed: in the run's process, in others beside it, on a cluster."
    )
    cluster_address: str | None = Field(None, description="Address of a running Dask or Ray cluster; null starts one.")
    chunk_retry_delays_s: tuple[float, ...] = Field(
        (5.0, 30.0, 120.0), description="Waits before each retry of a chunk whose provider was unavailable, in seconds."
    )
    lease_s: int = Field(
        600, ge=30, description="A claimed mail that is not settled within this time may be claimed by another run."
    )

    @property
    def window_rows(self) -> int:
        """Mails that are taken from the source at a time."""
        return self.chunk_rows * self.chunk_workers


class ModelSettings(Section):
    title: ClassVar[str] = "Models"

    provider: str = Field("openai", description="Provider that reads the mail.")
    fallbacks: tuple[str, ...] = Field((), description="Providers to ask, in this order, if `provider` cannot answer.")
    refused_moves_on: bool = Field(False, description="Whether a mail that one provider refused is sent to the next.")
    triage_model: str | None = Field(
        None, description="Model that sorts the mail; without it, the provider's cheap one."
    )
    analysis_model: str | None = Field(
        None, description="Model that summarises and drafts; without it, one is chosen by complexity and price."
    )
    models: dict[str, dict[ModelClass, str]] = Field(
        {}, description='Models by provider and class, as JSON: {"openai": {"triage": "gpt-6-luna", "complex": "…"}}.'
    )
    min_confidence: float = Field(
        0.5, ge=0, le=1, description="Less confident triages are repeated with a stronger model."
    )
    mails_per_call: int = Field(1, ge=1, le=10, description="How many short mails one triage call asks about.")
    mode: Literal["normal", "economy"] = Field(
        "normal",
        description="normal, or economy: half the price, through the providers' batch APIs; answers come within a day.",
    )
    limits: dict[str, dict[Literal["rpm", "tpm"], int]] = Field(
        {}, description='Requests and tokens a minute by provider or model, as JSON: {"openai": {"rpm": 5000}}.'
    )
    max_input_tokens: int = Field(16_000, ge=100, description="Most tokens of a mail in one question.")
    long_mails: Literal["cut", "parts"] = Field(
        "cut", description="A longer mail is cut at a sentence's end, and says so; or read in parts, a call each."
    )
    max_parts: int = Field(10, ge=2, le=100, description="Most parts of a long mail that are read; the rest is cut.")
    thread_tokens: int = Field(
        0,
        ge=0,
        le=8_000,
        description="Most tokens of earlier mails of its conversation that a model is shown with a mail, where the "
        "mail's sender wrote or got them; 0 shows none.",
    )
    target_language: str = Field(
        "English", description="Language that summaries are translated into, as you write it: Japanese, ja, 日本語."
    )
    sender_languages: dict[str, str] = Field(
        {}, description='Target language by sender address or domain, as JSON: {"example.jp": "Japanese"}.'
    )
    answers_ttl_s: int = Field(
        3_600, ge=0, description="How long an answer can be reused after its mail was completed."
    )
    refresh: bool = Field(False, description="Ask the models again, even if there are stored answers.")

    @property
    def most_tokens(self) -> int:
        """Tokens of a mail that are read at all."""
        return self.max_input_tokens * (self.max_parts if self.long_mails == "parts" else 1)


class MoneySettings(Section):
    title: ClassVar[str] = "Money"

    budget_usd: Decimal | None = Field(
        None, gt=0, description="Most US dollars that a run may cost; the next run processes the mails that are left."
    )
    budget_day_usd: Decimal | None = Field(None, gt=0, description="Most US dollars per day (UTC), over all runs.")
    budget_month_usd: Decimal | None = Field(None, gt=0, description="Most US dollars per month (UTC), over all runs.")

    @property
    def caps_usd(self) -> dict[str, Decimal | None]:
        """The budgets by what they are about: "run", "day" and "month"; null where there is none."""
        return {"run": self.budget_usd, "day": self.budget_day_usd, "month": self.budget_month_usd}

    @property
    def has_budget(self) -> bool:
        """Whether any budget is set."""
        return any(self.caps_usd.values())


class PrivacySettings(Section):
    title: ClassVar[str] = "Privacy"

    pseudonymise: bool = Field(
        False, description="Whether names, addresses, phone, account and card numbers are hidden from providers."
    )
    output_mode: str = Field(
        "600",
        pattern="^[0-7]{3}$",
        description="Permissions of outcome files, as for chmod: with 600 only their owner can read them.",
    )


class ActionSettings(Section):
    title: ClassVar[str] = "Rules and actions"

    rules_file: Path | None = Field(
        None, description="File of rules; null is the Prefect Variable `mailroom-rules`, or the shipped rules."
    )
    condition_ms: int = Field(
        100,
        ge=1,
        description="Milliseconds of CPU that a rule's condition may take for a mail; else it is not answered.",
    )
    dry_run: bool = Field(True, description="Only plan and show what would be done, and do nothing.")
    review: Literal["off", "sent", "drafts"] = Field(
        "sent", description="Which replies another model checks before they are sent: none, those sent, or also drafts."
    )
    second_reader: str = Field(
        "",
        pattern=r"^$|^[a-z]+/.+$",
        description="Model that checks them, such as `anthropic/claude-opus-5-5`; empty chooses one.",
    )


class StorageSettings(DataDir):
    title: ClassVar[str] = "Ledger and files"

    output_dir: Path = Field(Path("out"), description="Folder for the outcome files; each run makes its own in it.")
    ledger_url: str | None = Field(None, description="SQLAlchemy URL of the ledger; null is SQLite in `data_dir`.")

    @property
    def ledger(self) -> str:
        """The ledger's URL, SQLite in `data_dir` unless one is set."""
        return self.ledger_url or f"sqlite:///{(self.data_dir / 'ledger.db').absolute()}"


class Settings(
    WorkSettings,
    ModelSettings,
    LocalTriageSettings,
    MoneySettings,
    PrivacySettings,
    ActionSettings,
    ReplySettings,
    StorageSettings,
):
    """All settings of a run, in one value."""


def read_settings(**given: Any) -> Settings:
    """The settings in force; a value that is given wins over the environment and `.env`.

    Null, an empty text and `configured` are no values: a form can hardly leave a field out.

    Raises:
        Misconfigured: A value cannot be used; the variable is named, and what would be right is said.
    """
    return Settings.read(**{name: value for name, value in given.items() if value not in (None, "", CONFIGURED)})
