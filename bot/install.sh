#!/bin/sh
# Makes one environment from its lock: install.sh UV PYTHON FOLDER LOCK
set -u
uv=$1 python=$2 folder=$3 lock=$4

fail() { echo "$1" >&2; exit 1; }

free=$(df -Pk . | awk 'NR==2 {print $4}')
[ "$free" -gt 4000000 ] || [ -x "$folder/bin/python" ] ||
    fail "The disk is too full for the two environments: free 4 GB and start again."

if [ ! -x "$folder/bin/python" ]; then
    echo "setup     $folder: an environment with Python $python"
    "$uv" venv --quiet --python "$python" "$folder" ||
        fail "Python $python was not found and could not be fetched: install Python $python (for example python$python from your distribution, or pyenv) and start again."
fi
echo "setup     $folder: packages of $lock (the first time takes a minute or two)"
# Compiled once here: where Python may not keep what it compiles (a container, another user), each of
# the three processes would compile hundreds of modules at every start, 10 s of 25.
"$uv" pip install --compile-bytecode --python "$folder/bin/python" --require-hashes -r "$lock" ||
    fail "Some packages of $lock could not be installed: see the lines above, check the network and the disk, and start again."
