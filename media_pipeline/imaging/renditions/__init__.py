"""Renditions: from a file to pictures and videos of it, to look at.

What belongs here: recipes, and how each is drawn and encoded. What does not: decoders, colours, where results go.
"""
