# media_pipeline for production: `docker build -t media-pipeline .`; compose.yaml has the services.
# Linted with hadolint, and not yet built: there was no Docker daemon where it was written.
# The image with a compiler: pdqhash has no wheel for Linux.
FROM python:3.13-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /build
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE dagster.yaml ./
COPY media_pipeline media_pipeline
RUN pip install --no-deps --no-build-isolation .

FROM python:3.13-slim-trixie
# pg_dump, with which `media-pipeline migrate` backs up a PostgreSQL catalogue. Not pinned: Debian keeps no old versions.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home media \
    && install -d -o media -g media -m 0700 /data /data/dagster /imports
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DAGSTER_HOME=/data/dagster \
    MEDIA_STORAGE_PATH=/data \
    MEDIA_IMPORT_PATH=/imports
USER 10001:10001
WORKDIR /data
VOLUME ["/data", "/imports"]
EXPOSE 4000
# The command is the code server: it loads the definitions, and runs are its child processes.
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s --retries=3 \
    CMD ["dagster", "api", "grpc-health-check", "--port", "4000"]
CMD ["dagster", "api", "grpc", "--host", "0.0.0.0", "--port", "4000", "--module-name", "media_pipeline.definitions"]
