#!/bin/sh
# Prints what there is to know about a site. Nothing is changed; every question has a time limit; passwords are masked before they leave.
journal_lines=${1:-40}
units="carwash-stream carwash-snapshot carwash-agent"
config=/etc/carwash/config.json

section() { printf '\n== %s ==\n' "$1"; }

# setting NAME: a setting of the configuration in force, or nothing.
setting() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2]) or "")' "$config" "$1" 2>/dev/null
}

# host_port URL DEFAULT_PORT: host and port of a URL.
host_port() {
    python3 -c '
import sys
from urllib.parse import urlsplit
url = urlsplit(sys.argv[1])
print(url.hostname, url.port or (443 if url.scheme == "https" else sys.argv[2]))' "$1" "$2"
}

# reach HOST PORT: whether the host answers, and how fast.
reach() {
    ip -brief route get "$(timeout 10 getent ahosts "$1" | awk 'NR == 1 { print $1 }')" 2>&1 | head -n 1
    ping -c 3 -i 0.3 -W 2 "$1" 2>&1 | tail -n 2
    python3 -c '
import socket, sys, time
started = time.monotonic()
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5).close()
    print(f"port {sys.argv[2]} answers after {(time.monotonic() - started) * 1000:.0f} ms")
except OSError as error:
    print(f"port {sys.argv[2]} does not answer: {error}")' "$1" "$2"
}

report() {
    section "System"
    echo "$(hostname), $(uname -srm), $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)"
    cat /sys/firmware/devicetree/base/model 2>/dev/null && echo
    uptime
    echo "release $(basename "$(readlink -f /opt/carwash/current)"), on disk: $(cd /opt/carwash/releases 2>/dev/null && echo *)"

    section "Clock"
    timeout 10 timedatectl show --property=NTPSynchronized --property=TimeUSec --property=Timezone 2>&1 || date -u

    section "Units"
    for unit in $units prometheus-node-exporter systemd-timesyncd ssh; do
        printf '%s: ' "$unit"
        timeout 10 systemctl show "$unit.service" --property=ActiveState,SubState,Result,NRestarts,ActiveEnterTimestamp,MemoryCurrent,StatusText |
            paste -s -d ' '
    done
    timeout 10 systemctl --failed --no-legend

    section "What the service says"
    timeout 15 runuser -u carwash -- /usr/local/bin/carwash status 2>&1

    section "Camera"
    url=$(setting rtsp_url)
    if [ -n "$url" ]; then
        echo "$url"
        # shellcheck disable=SC2046  # two words are meant
        reach $(host_port "$url" 554)
        timeout 20 runuser -u carwash -- ffprobe -hide_banner -loglevel error -rtsp_transport "$(setting rtsp_transport | grep . || echo tcp)" \
            -timeout 8000000 -show_entries stream=codec_name,profile,width,height,avg_frame_rate -of default=noprint_wrappers=1 "$url" 2>&1
        case $? in
            0) echo "ffprobe: the camera sends video" ;;
            124) echo "ffprobe: no answer within 20 s" ;;
            *) echo "ffprobe: no video (reason above)" ;;
        esac
    else
        echo "no configuration in force: $config is absent or cannot be read"
    fi

    section "Control plane"
    url=$(setting control_url)
    if [ -n "$url" ]; then
        echo "$url"
        # shellcheck disable=SC2046
        reach $(host_port "$url" 80)
    else
        echo "none configured (control_url)"
    fi

    section "Network"
    ip -brief address
    ip route
    grep -v '^#' /etc/resolv.conf
    timeout 10 ss -H -t -l -n -p 2>/dev/null

    section "Disk, memory, temperature"
    df -h / /var /run /tmp
    df -i / | tail -n 1
    timeout 10 journalctl --disk-usage
    free -m 2>/dev/null || head -n 3 /proc/meminfo
    for zone in /sys/class/thermal/thermal_zone*; do
        [ -r "$zone/temp" ] && echo "$(cat "$zone/type"): $(($(cat "$zone/temp") / 1000)) degrees Celsius"
    done
    command -v vcgencmd >/dev/null && timeout 5 vcgencmd get_throttled
    ps -e -o pid,user,pcpu,rss,etime,comm --sort=-pcpu 2>/dev/null | head -n 12

    section "Runtime files"
    ls -l /run/carwash /etc/carwash 2>&1
    cat /run/carwash/stream.json /run/carwash/snapshot.json /run/carwash/agent.json 2>&1

    for unit in $units; do
        section "Journal of $unit, last $journal_lines lines"
        timeout 15 journalctl --no-pager --output=short-iso --lines="$journal_lines" --unit="$unit.service" 2>&1
    done

    section "Kernel, last warnings"
    timeout 10 journalctl --no-pager --dmesg --priority=warning --lines=15 2>&1
}

report | sed -E 's#([a-zA-Z][a-zA-Z0-9+.-]*://[^[:space:]/@:]*):[^[:space:]]*@#\1:***@#g'
