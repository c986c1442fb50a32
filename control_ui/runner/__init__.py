"""Runs playbooks: one process tree a run, its events as they come, and what came of each host.

`ansible.run_playbook` is the way in; `artifacts.read_events` reads what a run left behind whose worker died.
"""
