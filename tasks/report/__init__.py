"""Reports every mail's outcome: rows in the ledger and in files, and a table, plots and a report for people."""
