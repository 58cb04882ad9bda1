#!/bin/sh
# Puts uv into a tool environment of the project's own, with any Python 3 on the PATH.
set -u
python=$(command -v python3 || command -v python) || {
    echo "Neither uv nor a Python 3 is on the PATH: install one of them and start again." >&2
    exit 1
}
echo "setup     .tools: uv, which makes the two environments"
"$python" -m venv .tools && .tools/bin/python -m pip install --quiet uv || {
    rm -rf .tools
    echo "uv could not be installed with $python: install uv by hand (or python3-venv on Debian) and start again." >&2
    exit 1
}
