"""``python -m media_pipeline.cli``."""

from media_pipeline.cli import main

if __name__ == "__main__":
    main()
