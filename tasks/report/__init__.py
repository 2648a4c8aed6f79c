"""What became of every mail: outcome rows into the ledger and into files, tables, plots and a report for people."""
