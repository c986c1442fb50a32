#!/bin/sh
# Prints those of the given units whose process runs another release than /opt/carwash/current.
current=$(readlink -f /opt/carwash/current) || exit 0
for unit in "$@"; do
    pid=$(systemctl show --property=MainPID --value "$unit.service")
    [ "$pid" -gt 0 ] || continue
    tr '\0' '\n' <"/proc/$pid/environ" | grep -qxF "PYTHONPATH=$current" || echo "$unit"
done
