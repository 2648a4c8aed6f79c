"""What runs Mailroom: registration, receivers, the simulator of the providers, containers and dashboards."""
