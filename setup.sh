#!/usr/bin/env bash
# Installs what the Makefile's commands need on a Debian 12 machine. Quick and silent where all of it is there.
# Usage: ./setup.sh VENV [PACKAGE_LIST ...]
set -euo pipefail
cd "$(dirname "$0")"
venv=$1
package_lists=(host_packages.txt "${@:2}")

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

install_debian_packages() {
    local missing
    missing=$(grep -vhE '^(#|$)' "${package_lists[@]}" | while read -r package; do
        dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done)
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || { echo "setup: this needs a Debian 12 machine (apt-get is missing)" >&2; exit 1; }
    echo "setup: installing Debian packages: ${missing//$'\n'/ }"
    as_root apt-get update -q -q
    # Services that the packages would start have no business on the machine that runs a demo.
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -q -q -y --no-install-recommends $missing
}

install_python_packages() {
    local stamp="$venv/.requirements.sha256"
    if [ -f "$stamp" ] && sha256sum --check --status "$stamp" && [ -x "$venv/bin/python" ]; then return 0; fi
    echo "setup: installing Python packages into $venv"
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
    sha256sum requirements.txt > "$stamp"
}

# npm itself is only asked for where there is none: Node.js from elsewhere brings its own, which Debian's would break.
install_npm() {
    command -v npm >/dev/null || as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -q -y --no-install-recommends npm
}

# What the pages load, from the locked packages to a folder of its own.
install_web_libraries() {
    local vendor=control_ui/static/vendor
    local stamp="$vendor/.package-lock.sha256"
    if [ -f "$stamp" ] && sha256sum --check --status "$stamp"; then return 0; fi
    echo "setup: installing the pages' libraries into $vendor"
    install_npm
    npm ci --ignore-scripts --no-audit --no-fund --silent
    rm -rf "$vendor"
    mkdir -p "$vendor"
    cp node_modules/htmx.org/dist/htmx.min.js node_modules/idiomorph/dist/idiomorph-ext.min.js \
        node_modules/uplot/dist/uPlot.iife.min.js node_modules/uplot/dist/uPlot.min.css \
        node_modules/ol/dist/ol.js node_modules/ol/ol.css \
        node_modules/us-atlas/states-10m.json node_modules/world-atlas/countries-110m.json \
        node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2 "$vendor"
    sha256sum package-lock.json setup.sh > "$stamp"
}

install_debian_packages
install_python_packages
install_web_libraries
