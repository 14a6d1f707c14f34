"""From an export that has landed to posts, and from posts to media references.

What belongs here: finding exports, reading them once, and the way back from a reference to the bytes that named it.
What does not: what a platform's record means (:mod:`media_pipeline.posts`).
"""
