# The service as an image: nothing in it but Python, the locked packages and our own code.
#
#   docker build -t placement .
#   docker run --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges \
#       -e PLACEMENT_OIDC_ISSUER=... -e PLACEMENT_OIDC_ROLES=... \
#       -v placement-data:/data -p 127.0.0.1:8000:8000 placement
#
# It listens on every address of the container, so it needs an identity provider (docs/access.md).
# That is one container with an SQLite database; compose.yaml is PostgreSQL, two services and two workers.
#
# Written at run time: /data (the database, when it is SQLite), /erasures (their log, where PLACEMENT_ERASURE_LOG says
# so) and /tmp. Nothing else. Under another name than localhost it answers once that name stands in
# PLACEMENT_ALLOWED_HOSTS (the whole list, as JSON); the health check below is answered under any.

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
RUN python -m venv /opt/venv
WORKDIR /srv/placement

# The packages change seldom, the code often: packages first, so that they stay in the build cache.
COPY requirements.lock requirements-build.lock ./
RUN /opt/venv/bin/python -m pip install --require-hashes --only-binary :all: \
        -r requirements.lock -r requirements-build.lock

COPY . .
RUN /opt/venv/bin/python -m pip install --no-deps --no-build-isolation --no-index -e . \
    && /opt/venv/bin/python -m app.geo.bake \
    && /opt/venv/bin/python -m pip uninstall --yes hatchling trove-classifiers tomlkit pip \
    && /opt/venv/bin/python -m compileall -q app

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PLACEMENT_HOST=0.0.0.0 \
    PLACEMENT_DATABASE_URL=sqlite:////data/placement.db
# A number, not a name: an orchestrator can then see for itself that it is not root.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data /erasures
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/placement /srv/placement
WORKDIR /srv/placement
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["placement", "serve"]
