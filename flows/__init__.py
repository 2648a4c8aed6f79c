"""What happens, in order: one flow a file, named as in Prefect's UI."""

from tasks.logs import set_up_logs
from tasks.traces import set_up_traces

# Here and not in a flow: Prefect logs and traces a run from before its first line.
set_up_logs()
set_up_traces()
