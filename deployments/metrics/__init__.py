"""Prometheus metrics read from the ledger and the inbox, so they are true across processes, machines and restarts."""
