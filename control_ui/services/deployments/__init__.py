"""Deployments: a configuration for many devices, wave by wave on evidence, and the way back.

Whoever changes a deployment or its devices holds the lock of the deployment's row (lock.py), and several in the order
of their ids. Within a transaction the order is: deployments, what devices are wanted to run, runs, audit trail.
"""
