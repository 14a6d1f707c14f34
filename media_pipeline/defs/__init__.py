"""Dagster: partitions, assets, checks, jobs, sensors, schedules and the resource that hands stages their tools.

What belongs in this room: what Dagster needs to know; ``runs`` holds what happens to a run while it lives and after.
There is one module for each kind of definition that Dagster has, and three that join them (``naming``, ``embedding``,
``component``): whoever knows Dagster knows which to open. What does not belong here: a socket, a pixel, SQL, or any of
the work, which ``stages`` does.
"""
