"""Near duplicates: which of many perceptual hashes are alike, what hangs together, and which original to keep.

What belongs here: numbers in, numbers out. What does not: pixels (:mod:`media_pipeline.imaging.facts.fingerprint`), and
where hashes are kept.
"""
