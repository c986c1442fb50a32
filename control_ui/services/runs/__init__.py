"""Runs of playbooks: asked for, approved, dispatched, recorded, ended, and reaped where their worker died."""
