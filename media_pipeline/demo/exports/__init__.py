"""The sample's posts as JSON, in the shapes that exports have: a module a platform.

What belongs here: the shape of each API and tool, with the fields that surround what matters. What does not: content.
"""
