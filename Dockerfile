# The base is an argument: any image with a Python of 3.11 or newer and the CA certificates of the system.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/stagingmirror
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN /opt/build/bin/python -m pip install --require-hashes -r requirements/build.txt \
 && /opt/build/bin/python -m pip --python /opt/stagingmirror/bin/python install --no-compile --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
# Bytecode of the Kubernetes client would be 51 MB: only kubeconfigs need it, and few of its modules.
# No network from here on: everything that is installed was pinned by its hash above.
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /wheels . \
 && /opt/build/bin/python -m pip --python /opt/stagingmirror/bin/python install --no-compile --no-deps --no-index /wheels/*.whl \
 && find /opt/stagingmirror -type d -name tests -prune -exec rm -rf {} + \
 && python3 -m compileall -q -x /site-packages/kubernetes/ /opt/stagingmirror/lib

FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="stagingmirror" \
      org.opencontainers.image.description="Reports whether ML staging is in sync with production, where it is not, and makes it follow." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/stagingmirror /opt/stagingmirror
# The root file system may be read-only: nothing is written, bytecode is already there.
ENV PATH=/opt/stagingmirror/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/opt/stagingmirror/bin/stagingmirror"]
CMD ["run"]
