"""The ledger: decisions and who took them, in SQL, each in one transaction with its audit event."""
