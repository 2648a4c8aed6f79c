-- The ledger's database is made by the image (POSTGRES_DB); Prefect's own stands beside it.
CREATE DATABASE prefect;
