"""Files of media: what they say about themselves, and pictures of them to look at.

What belongs here: pure functions from a file to ``facts`` and ``renditions``, to the place where it ends (``endings``),
and the worker processes that run them. What does not: where files come from, where results are kept, any row of the
catalogue, HTML.
"""
