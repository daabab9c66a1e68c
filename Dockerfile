# The importer alone: its own dependencies, no build tools in what is shipped, a plain user.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv --without-pip /opt/importer
COPY pyproject.toml constraints.txt ./
RUN python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
        > requirements.txt \
    && python -m pip --python /opt/importer install --quiet --no-cache-dir --disable-pip-version-check \
        -r requirements.txt -c constraints.txt
COPY importer /opt/importer/service/importer
RUN python -m compileall -q /opt/importer/service

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin importer
COPY --from=build /opt/importer /opt/importer
ENV PATH=/opt/importer/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONUNBUFFERED=1
WORKDIR /opt/importer/service
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "importer", "serve"]
