"""Dagster: partitions, assets, checks, jobs, sensors, schedules and the resource that hands stages their tools.

What belongs in this room: what Dagster needs to know; ``runs`` holds what happens to a run while it lives and after.
What does not: a socket, a pixel, SQL, or any of the work, which ``stages`` does.
"""
