# syntax=docker/dockerfile:1

# The packages, with the CPU build of torch, and a prepared catalogue
FROM python:3.11-slim-bookworm AS build
ENV PATH=/opt/refrain/venv/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu \
    PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY constraints.txt ./
# The heavy packages have a layer of their own, which a change of our code leaves as it is
RUN python -m venv /opt/refrain/venv \
    && pip install --constraint constraints.txt faiss-cpu sentence-transformers torch
COPY pyproject.toml README.md LICENSE ./
COPY service service
# The seed lies outside the volume, since a volume hides what the image has in its place
RUN pip install --constraint constraints.txt . \
    && REFRAIN_DATA_DIR=/opt/refrain/seed refrain prepare

FROM python:3.11-slim-bookworm
# A fixed number, so that a volume's owner can be set from outside
RUN groupadd --gid 10001 refrain \
    && useradd --uid 10001 --gid refrain --no-create-home --home-dir /var/lib/refrain refrain \
    && install -d -o refrain -g refrain /var/lib/refrain
COPY --from=build /opt/refrain /opt/refrain
COPY --chmod=755 docker/entrypoint.sh /opt/refrain/entrypoint.sh
# HF_HOME: another encoder is downloaded once, into the volume
ENV PATH=/opt/refrain/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HF_HOME=/var/lib/refrain/huggingface \
    REFRAIN_DATA_DIR=/var/lib/refrain \
    REFRAIN_HOST=0.0.0.0 \
    REFRAIN_LOG_FORMAT=json
USER 10001:10001
WORKDIR /var/lib/refrain
VOLUME /var/lib/refrain
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ.get('REFRAIN_PORT', '8000') + '/health', timeout=4)"]
ENTRYPOINT ["/opt/refrain/entrypoint.sh"]
CMD ["refrain", "serve"]
