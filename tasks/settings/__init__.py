"""Every setting of Mailroom, a class a section; nothing else reads the environment. `docs/settings.md` is made from it."""

from tasks.settings.run import CONFIGURED, ModeChoice, ModelClass, Settings, read_settings

__all__ = ["CONFIGURED", "ModeChoice", "ModelClass", "Settings", "read_settings"]
