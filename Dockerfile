# Workledger for operators: locked dependencies in one stage, a small image without build tools in the other.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/workledger
WORKDIR /src
COPY requirements.lock ./
RUN /opt/workledger/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY workledger ./workledger
COPY scenarios ./scenarios
RUN /opt/workledger/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN groupadd --system --gid 10001 workledger \
 && useradd --system --uid 10001 --gid workledger --home-dir /var/lib/workledger --create-home workledger
COPY --from=build /opt/workledger /opt/workledger
ENV PATH=/opt/workledger/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WORKLEDGER_ENV=production \
    WORKLEDGER_HOME=/var/lib/workledger \
    WORKLEDGER_HOST=0.0.0.0 \
    WORKLEDGER_PORT=8000
USER workledger
WORKDIR /var/lib/workledger
VOLUME /var/lib/workledger
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/-/health', timeout=4)"]
CMD ["workledger", "serve"]
