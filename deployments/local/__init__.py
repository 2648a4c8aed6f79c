"""Starts, finds and ends this project's background processes: Prefect's server, the simulator and a worker."""
