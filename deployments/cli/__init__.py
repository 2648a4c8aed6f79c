"""The command `mailroom`: a thin front of the flows, and what Prefect's own command cannot do. One file a command."""
