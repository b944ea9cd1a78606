# docker build -t ptarmigan .
# docker build -t ptarmigan --build-arg EXTRAS=studio,sound .
# docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" ptarmigan train image.dcgan --data digits --out runs/digits
FROM python:3.11-slim

# Extras of pyproject.toml, with commas: docs/install.md says what each is for.
ARG EXTRAS=""
# Where torch is taken from: wheels for the CPU, or .../whl/cu126 and its like for a GPU.
ARG TORCH_INDEX="https://download.pytorch.org/whl/cpu"

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1 HOME=/work

COPY pyproject.toml README.md LICENSE constraints.txt /source/
COPY ptarmigan /source/ptarmigan
# Of two wheels of one version pip takes the one with a local part, as 2.13.0+cpu.
RUN pip install -c /source/constraints.txt --extra-index-url "$TORCH_INDEX" "/source${EXTRAS:+[$EXTRAS]}" \
    && rm -r /source \
    && useradd --uid 1000 --create-home --home-dir /work ptarmigan \
    && chmod 777 /work

USER ptarmigan
WORKDIR /work
ENTRYPOINT ["ptarmigan"]
CMD ["--help"]
