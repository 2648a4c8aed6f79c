"""The flows, one in each file, named as in Prefect's UI."""

from tasks.logs import set_up_logs
from tasks.traces import set_up_traces

# Set up here and not in a flow, because Prefect logs and traces a run before its first line.
set_up_logs()
set_up_traces()
