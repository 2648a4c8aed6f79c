"""Prefect's worker with an orderly end: its runs release the mails that they hold before it ends."""
