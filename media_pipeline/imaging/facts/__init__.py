"""What a file says about itself, and what it is known by: size, duration, camera, words, fingerprints.

What belongs here: one module for each source of facts. What does not: pictures to look at.
"""
