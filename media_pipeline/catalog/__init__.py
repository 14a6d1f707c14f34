"""The catalogue: what is known about every import, post, medium, file and rendition.

What belongs in this room: SQLAlchemy Core tables (``tables``), the connection (``database``), one module of
queries for each noun, and Alembic migrations. It is the only room that speaks SQL.
"""
