"""Every setting of Mailroom, a class a section. Nothing else reads the environment. `docs/settings.md` shows them."""

from tasks.settings.run import CONFIGURED, ModeChoice, ModelClass, Settings, read_settings

__all__ = ["CONFIGURED", "ModeChoice", "ModelClass", "Settings", "read_settings"]
