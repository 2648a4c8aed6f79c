"""What happens, in order: one flow a file, named as in Prefect's UI."""
