"""Prometheus metrics read from the ledger and the inbox, so that they cover all processes, machines and restarts."""
