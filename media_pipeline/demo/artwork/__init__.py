"""The sample's pictures, videos and documents, each drawn from its seed alone."""
