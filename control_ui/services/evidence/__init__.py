"""Evidence packs: a period's reports and audit entries in one signed ZIP file, which tools/verify_evidence.py verifies
without us."""
