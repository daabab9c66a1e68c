# The provider stub: answers as OpenAI and Cohere do, and writes down what it was asked and billed for.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv --without-pip /opt/stub
COPY constraints.txt /build/
RUN python -m pip --python /opt/stub install --quiet --no-cache-dir --disable-pip-version-check \
        -c /build/constraints.txt aiohttp numpy orjson uvloop

FROM python:3.11-slim-bookworm
RUN useradd --uid 10002 --create-home --shell /usr/sbin/nologin stub \
    && mkdir /ledger && chown stub:stub /ledger
COPY --from=build /opt/stub /opt/stub
COPY harness/__init__.py harness/errors.py /opt/stub/service/harness/
COPY harness/dependencies /opt/stub/service/harness/dependencies
ENV PATH=/opt/stub/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONUNBUFFERED=1
WORKDIR /opt/stub/service
USER 10002:10002
VOLUME /ledger
EXPOSE 9000
CMD ["python", "-m", "harness.dependencies.provider", "--ledger", "/ledger/ledger.jsonl", "--host", "0.0.0.0", "--port", "9000"]
