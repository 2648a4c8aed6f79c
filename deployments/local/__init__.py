"""Prefect's server, the simulator and a worker as processes of this project: started, found again, and ended."""
