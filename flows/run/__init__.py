"""How a run is set up, led through its windows and ended; the flows beside this folder are built from these parts."""
