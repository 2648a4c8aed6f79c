"""From the inbox to a run: whoever puts mail into it tells Prefect so, one event for all that was gathered."""
