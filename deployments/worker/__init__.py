"""Prefect's worker with an orderly end: its runs give back the mails they hold before it goes."""
