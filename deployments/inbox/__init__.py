"""From the inbox to a run: processes that put mail into the inbox send Prefect one event for many mails."""
