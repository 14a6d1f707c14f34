"""From originals to pictures and videos to look at.

What belongs here: which renditions are missing, drawing them, keeping them. What does not: how a picture is scaled or a
video encoded (:mod:`media_pipeline.imaging`).
"""
