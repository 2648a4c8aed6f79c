"""All settings of Mailroom, a class for each section. Nothing else reads the environment. See `docs/settings.md`."""

from tasks.settings.run import CONFIGURED, ModeChoice, ModelClass, Settings, read_settings

__all__ = ["CONFIGURED", "ModeChoice", "ModelClass", "Settings", "read_settings"]
