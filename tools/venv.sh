#!/bin/sh
# Makes .venv, or brings it up to date, with one extra of this project at the constrained versions.
# usage: tools/venv.sh demo|test|dev        PYTHON=… names an interpreter; uv is used when it is on PATH
set -eu
cd "$(dirname "$0")/.."
extra=$1
uv=$(command -v uv || true)
candidates=${PYTHON:-python3 python3.13 python3.12 python3.11 python}

say() {
    printf 'arbiter: %s\n' "$*" >&2
}

recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for name in $candidates; do
        # A name may be a shim that exists and answers nothing: only running it tells.
        recent "$name" || continue
        [ -n "$uv" ] || "$name" -c 'import ensurepip, venv' >/dev/null 2>&1 || continue
        "$name" -c 'import sys; print(sys.executable)'
        return
    done
    say "needs Python 3.11 or newer with its venv module, found none under: $candidates." \
        "Install one, or name it: make PYTHON=/path/to/python3.11 ..."
    exit 1
}

usable() {
    recent .venv/bin/python || return 1
    [ -n "$uv" ] || .venv/bin/python -m pip --version >/dev/null 2>&1
}

make_environment() {
    python=$(find_python)
    say "making .venv with $("$python" --version)${uv:+ and uv}"
    rm -rf .venv
    if [ -n "$uv" ]; then
        "$uv" venv --quiet --no-project --python "$python" .venv
    else
        "$python" -m venv .venv
    fi
}

uv_install() {
    "$uv" pip install --quiet --python .venv/bin/python -c constraints.txt -e ".[$extra]"
}

install() {
    say "installing the $extra set into .venv"
    if [ -z "$uv" ]; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check \
            -c constraints.txt -e ".[$extra]"
    elif ! uv_install; then
        # uv brings its own list of certificates, which a company's proxy is not on.
        say "trying once more with the certificates of this machine"
        UV_SYSTEM_CERTS=1 uv_install
    fi
}

usable || make_environment
install

# dev holds test, and test holds demo: what is inside is up to date as well.
case $extra in
    dev) touch .venv/.has-demo .venv/.has-test .venv/.has-dev ;;
    test) touch .venv/.has-demo .venv/.has-test ;;
    demo) touch .venv/.has-demo ;;
esac
