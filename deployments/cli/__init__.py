"""The command `mailroom`: starts the flows, and does what Prefect's own command cannot. One file for each command."""
