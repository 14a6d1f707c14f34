"""Many downloads at a time: whose turn it is, what is asked next for each, and the threads and processes that ask.

What belongs here: order, limits, pauses, workers. What does not: how one request is made
(:mod:`media_pipeline.fetch.http`).
"""
