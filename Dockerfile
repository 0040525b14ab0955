# Three images from the exact locks:
#   docker build --target serve    -t ninefold-serve .      answers requests; no torch, no pandas
#   docker build --target pipeline -t ninefold .            everything; the workspace in /workspace
#   docker build --target worker   -t ninefold-worker .     the same for work pools, which say the whole command
#
#   docker run -p 8000:8000 -v "$PWD/models:/models:ro" ninefold-serve
#   docker run --user "$(id -u):$(id -g)" -v "$PWD:/workspace" ninefold run
#
# Any user may run them: what they write in the mounted workspace belongs to that user.
FROM python:3.11-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    OMP_NUM_THREADS=1 \
    DO_NOT_TRACK=1 \
    DVC_NO_ANALYTICS=true \
    GX_ANALYTICS_ENABLED=false \
    PREFECT_SERVER_ANALYTICS_ENABLED=false
RUN useradd --create-home --uid 10001 ninefold
WORKDIR /app

FROM base AS serve
COPY requirements-serve.lock ./
RUN pip install --no-deps -r requirements-serve.lock
COPY ninefold/__init__.py ninefold/beside.py ninefold/progress.py ninefold/errors.py \
     ninefold/signature.py ninefold/contributions.py ninefold/dates.py \
     ninefold/runtime.py ninefold/numerals.py ninefold/occlusion.py ninefold/pixels.py ninefold/production.py \
     ninefold/sequences.py ninefold/texts.py ninefold/vocabulary.py ./ninefold/
COPY ninefold/serving ./ninefold/serving
RUN python -m compileall -q ninefold
USER ninefold
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/v2/health/ready', timeout=2)"]
ENTRYPOINT ["python", "-m", "ninefold.serving", "--host", "0.0.0.0"]
CMD ["/models/model.onnx"]

FROM base AS worker
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.lock ./
RUN pip install --no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0 \
    && pip install --no-deps -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY ninefold ./ninefold
COPY tasks ./tasks
COPY flows ./flows
COPY expectations ./expectations
RUN pip install --no-deps --no-build-isolation . || pip install --no-deps .
# DVC asks for the user's name, Prefect for a home; Git for leave to read what another user owns.
ENV USER=ninefold HOME=/home/ninefold
RUN chmod 1777 /home/ninefold && git config --system --add safe.directory '*'
USER ninefold
WORKDIR /workspace
HEALTHCHECK --interval=60s --timeout=30s --start-period=30s --retries=3 \
    CMD ["ninefold", "--version"]
CMD ["ninefold", "run"]

FROM worker AS pipeline
ENTRYPOINT ["ninefold"]
CMD ["run"]
