"""What happens without a request: slices of runs, dispatching, deployments, the clock.

A job is named by its path, takes an id at most, and claims its row by compare-and-swap: it may come twice, late, or
never.
"""
