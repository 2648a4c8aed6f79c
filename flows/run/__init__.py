"""The parts from which the flows are built: a run's set-up, its way through the windows, and its end."""
