"""All sections, in the order of `docs/settings.md`; those of the providers are in their sheets."""

from __future__ import annotations

from tasks.settings.destinations import DestinationSettings
from tasks.settings.inbox import GatherSettings
from tasks.settings.local_triage import LocalTriageSettings
from tasks.settings.metrics import MetricsSettings
from tasks.settings.observing import LogSettings, TraceSettings
from tasks.settings.receiver import ReceiverAddress, ReceiverSettings
from tasks.settings.replies import ReplySettings
from tasks.settings.run import (
    ActionSettings,
    ModelSettings,
    MoneySettings,
    PrivacySettings,
    StorageSettings,
    WorkSettings,
)
from tasks.settings.secrets import PriceSettings, SecretSettings
from tasks.settings.section import Section
from tasks.settings.watch import WatchSettings

SECTIONS: tuple[type[Section], ...] = (
    WorkSettings, ModelSettings, LocalTriageSettings, MoneySettings, PriceSettings, PrivacySettings, ActionSettings,
    ReplySettings, DestinationSettings, StorageSettings, SecretSettings, ReceiverAddress, ReceiverSettings,
    GatherSettings, WatchSettings, MetricsSettings, LogSettings, TraceSettings,
)  # fmt: skip
