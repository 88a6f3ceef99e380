# One image with everything except training, the only part that needs TensorFlow. The command chooses what runs: run, bot, slack,
# web or worker.
FROM python:3.12-slim-bookworm AS build
WORKDIR /app
# Compile now, because the files of a running container are read-only.
ENV UV_COMPILE_BYTECODE=1
COPY locks/requirements-uv.lock locks/requirements-worker.lock locks/
RUN python -m venv .venv \
 && .venv/bin/pip install --quiet --require-hashes --requirement locks/requirements-uv.lock \
 && .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes --requirement locks/requirements-worker.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY generator generator
COPY storage storage
COPY training training
RUN .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . \
 && .venv/bin/python -m compileall -q bot generator storage training \
 && .venv/bin/python -c 'from generator.composer.batch import Batch; Batch(1)' # compiles with numba

FROM python:3.12-slim-bookworm
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends fluidsynth fluid-soundfont-gm \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 tunesmith \
 && install -d -o tunesmith /data
COPY --from=build /app /app
WORKDIR /app
USER tunesmith
ENV PATH=/app/.venv/bin:$PATH DATA_DIR=/data WEB_HOST=0.0.0.0 LOG_JSON=true PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["tunesmith"]
CMD ["run"]
