# One image with everything except training, the only part that needs TensorFlow. The command chooses what runs: run, bot, slack,
# web or worker. Build it with scripts/image.
ARG BASE=python:3.12-slim-bookworm
FROM $BASE AS build
WORKDIR /app
# Compile now, because the files of a running container are read-only.
ENV UV_COMPILE_BYTECODE=1
COPY locks/requirements-uv.lock locks/requirements-worker.lock locks/requirements-tracing.lock locks/
# Not empty: with the packages for traces.
ARG TRACING=
# uv and pip stay here: the environment in .venv has neither. music21 brings scores that nothing here reads: two thirds of its size.
RUN python -m venv /uv \
 && /uv/bin/pip install --quiet --require-hashes --requirement locks/requirements-uv.lock \
 && python -m venv --without-pip .venv \
 && /uv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes --requirement locks/requirements-worker.lock \
 && if [ "$TRACING" ]; then \
      /uv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes --requirement locks/requirements-tracing.lock; \
    fi \
 && /uv/bin/uv pip uninstall --quiet --python .venv/bin/python uv \
 && find .venv/lib/python*/site-packages/music21/corpus -mindepth 1 -maxdepth 1 -type d ! -name __pycache__ -exec rm -r {} +
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY generator generator
COPY storage storage
COPY training training
# What numba compiles is for this machine's processor; on another one the first start compiles again and keeps it in /data/cache.
RUN /uv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . \
 && .venv/bin/python -m compileall -q bot generator storage training \
 && .venv/bin/python -c 'from generator.composer import composer, weights; composer.Composer(weights.load_weights()).close()'

FROM $BASE
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends fluidsynth fluid-soundfont-gm \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 tunesmith \
 && install -d -o tunesmith /data
COPY --from=build /app /app
WORKDIR /app
# A number, so that Kubernetes can see that it is not root.
USER 1000
ENV PATH=/app/.venv/bin:$PATH DATA_DIR=/data XDG_CACHE_HOME=/data/cache WEB_HOST=0.0.0.0 WEB_PORT=8080 LOG_JSON=true \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
VOLUME /data
EXPOSE 8080
# For run and web. The others have no page: compose.yaml asks them for their metrics.
HEALTHCHECK --start-period=60s \
    CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:$WEB_PORT/health', timeout=5)"
ENTRYPOINT ["tunesmith"]
CMD ["run"]
