"""Speed and memory, always as a ratio to a peer or to an aim in the same run: ``python -m bench [names]``.

What belongs here: what is measured, against what, and how it is printed. What does not: tests, which time nothing.
"""
