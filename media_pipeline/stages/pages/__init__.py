"""A folder of web pages that show archived posts: for people, on any machine, without this program.

What belongs here: the folder and what it holds, and which file shows a medium. What does not: markup
(:mod:`media_pipeline.views.pages`), and making renditions (:mod:`media_pipeline.stages.renditions`).
"""
