"""The command `mailroom`: a thin front of the flows, and what Prefect's own command line cannot do. One file a command."""
