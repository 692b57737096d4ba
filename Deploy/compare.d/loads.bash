# The loads of Deploy/compare. Each notes what it measured; an answer that is not 2xx ends everything. Sourced, not run.

# Longer than any load takes.
load_seconds_max=3600

# h2 LOG ARGUMENTS...: one h2load, which posts.
h2() {
    local said=$1
    shift
    timeout --kill-after=10 "$load_seconds_max" h2load -t 1 -H 'content-type: application/json' "$@" >"$said" 2>&1 ||
        fail "h2load" "$said"
}

# h2_figures LOG: answers with 2xx, all others, and the seconds that it took.
h2_figures() {
    awk '
        function seconds(text) {
            if (text ~ /us$/) return text / 1000000
            if (text ~ /ms$/) return text / 1000
            return text + 0
        }
        /^finished in/ { sub(",", "", $3); took = seconds($3) }
        /^requests:/ { failed = $10 + $12 + $14 }
        /^status codes:/ { good = $3; bad = $5 + $7 + $9 }
        END { print good + 0, bad + failed + 0, took + 0 }
    ' "$1"
}

# quantiles FILE COLUMN: the 50th and the 99th of a hundred of the values of a column.
quantiles() {
    sort -n -k "$2,$2" -- "$1" | awk -v column="$2" '
        { value[NR] = $column }
        function rank(part) { at = int(NR * part + 0.999999); return value[at < 1 ? 1 : at] }
        END { if (NR) print rank(0.50), rank(0.99); else exit 1 }
    '
}

# --- One order after the other, as many at once as fit -----------------------------------------------------------------

burst_static() { # ROUND NAME URL
    local good bad took
    h2 "$work/h2load.log" -n "$requests" -c "$connections" -m "$in_flight" -d "$work/offer.json" \
        -H 'authorization: Bearer nobody-looks-at-this-one-which-is-as-long-as-a-key' "$3"
    read -r good bad took < <(h2_figures "$work/h2load.log")
    [[ $good -eq $requests && $bad -eq 0 ]] || fail "$2 answered $good of $requests" "$work/h2load.log"
    note "$1" "$2" requests_per_second "$(awk "BEGIN { printf \"%.1f\", $good / $took }")"
}

# Every load of orders on the exchange goes through here: offers by a worker and bids by an app over half of the
# connections each. They take each other, so every second order trades, with its hold, lease and transfers.
load_bombyx() { # URL CONNECTIONS EXTENT..., where EXTENT is -n ORDERS or -D SECONDS of each side
    local url=$1 lanes=$2 offers
    shift 2
    h2 "$work/offers.log" "$@" -c "$lanes" -m "$in_flight" -d "$work/offer.json" \
        -H "authorization: Bearer $(cat "$work/worker.key")" "$url/v1/offers" &
    offers=$!
    h2 "$work/bids.log" "$@" -c "$lanes" -m "$in_flight" -d "$work/bid.json" \
        -H "authorization: Bearer $(cat "$work/app.key")" "$url/v1/bids"
    wait "$offers" || fail "h2load" "$work/offers.log"
    awk '
        { good += $1; bad += $2; if ($3 > took) took = $3 }
        END { print good, bad, took }
    ' <(h2_figures "$work/offers.log") <(h2_figures "$work/bids.log")
}

burst_bombyx() { # ROUND NAME URL
    local good bad took left half=$((requests / 2)) lanes=$((connections / 2))
    read -r good bad took < <(load_bombyx "$3" "$lanes" -n "$half")
    [[ $good -eq $((2 * half)) && $bad -eq 0 ]] || fail "$2 answered $good of $((2 * half))" "$work/bids.log"
    note "$1" "$2" requests_per_second "$(awk "BEGIN { printf \"%.1f\", $good / $took }")"
    note "$1" "$2" tables_caught_up_ms "$(wait_for_tables)"
    # As many bids as offers: all of them have traded, or it was another load than the report says.
    left=$(metric open_orders)
    [[ $left == 0 ]] || fail "$2 left $left orders open" "$work/serve.log"
}

sustain_bombyx() { # ROUND NAME URL
    local good bad took behind caught_up
    read -r good bad took < <(load_bombyx "$3" "$((connections / 2))" -D "$seconds")
    [[ $good -gt 0 && $bad -eq 0 ]] || fail "$2 answered $bad without success" "$work/bids.log"
    behind=$(metric projection_lag_sequence)
    caught_up=$(wait_for_tables)
    note "$1" "$2" requests_per_second "$(awk "BEGIN { printf \"%.1f\", $good / $seconds }")"
    note "$1" "$2" tables_behind "$behind"
    note "$1" "$2" tables_caught_up_ms "$caught_up"
    # What the tables themselves took: all of it, over the time until they showed all of it.
    note "$1" "$2" rows_visible_per_second "$(awk "BEGIN { printf \"%.1f\", $good / ($seconds + $caught_up / 1000) }")"
}

run_pgbench() { # ROUND NAME SCRIPT CLIENTS SECONDS
    local said=$work/pgbench.log
    timeout --kill-after=10 "$load_seconds_max" pgbench -n -M prepared -c "$4" -j 2 -T "$5" \
        -f "$here/compare.d/$3.sql" >"$said" 2>&1 || fail "pgbench" "$said"
    grep -q 'failed transactions: 0 ' "$said" || fail "pgbench had failed transactions" "$said"
    note "$1" "$2" requests_per_second "$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$said")"
}

# --- One client that waits for each answer -----------------------------------------------------------------------------

# note_times ROUND NAME FILE COLUMN: of values in microseconds.
note_times() {
    local p50 p99
    read -r p50 p99 < <(quantiles "$3" "$4") || fail "$2 has no times" "$3"
    note "$1" "$2" p50_microseconds "$p50"
    note "$1" "$2" p99_microseconds "$p99"
}

single_static() { # ROUND NAME URL
    h2 "$work/h2load.log" -n "$singles" -c 1 -m 1 -d "$work/offer.json" --log-file="$work/times.log" "$3"
    note_times "$1" "$2" "$work/times.log" 3
    rm -f -- "$work/times.log"
}

# As many offers, then as many bids, which take them.
single_bombyx() { # ROUND NAME URL
    local side
    for side in worker:offer app:bid; do
        h2 "$work/h2load.log" -n "$((singles / 2))" -c 1 -m 1 -d "$work/${side#*:}.json" \
            --log-file="$work/times-${side#*:}.log" -H "authorization: Bearer $(cat "$work/${side%:*}.key")" \
            "$3/v1/${side#*:}s"
    done
    cat "$work/times-offer.log" "$work/times-bid.log" >"$work/times.log"
    # The second column is the status.
    if awk '$2 < 200 || $2 > 299 { found = 1 } END { exit !found }' "$work/times.log"; then
        fail "an order was refused" "$work/times.log"
    fi
    note_times "$1" "$2" "$work/times.log" 3
    rm -f -- "$work"/times*.log
    wait_for_tables >/dev/null
}

single_pgbench() { # ROUND NAME SCRIPT
    local said=$work/pgbench.log
    timeout --kill-after=10 "$load_seconds_max" pgbench -n -M prepared -c 1 -j 1 -t "$singles" -l \
        --log-prefix="$work/times" -f "$here/compare.d/$3.sql" >"$said" 2>&1 || fail "pgbench" "$said"
    cat "$work"/times.* >"$work/all-times.log"
    note_times "$1" "$2" "$work/all-times.log" 3
    rm -f -- "$work"/times.* "$work/all-times.log"
}

# --- The machine -------------------------------------------------------------------------------------------------------

# What one durable write of 8 kB takes, in the folder of both clusters: the least that any commit can take.
measure_disk() { # ROUND
    local count=500 took
    if [[ ! -f $work/disk ]]; then
        dd if=/dev/zero of="$work/disk" bs=8k count="$count" conv=fsync status=none
    fi
    took=${EPOCHREALTIME/./}
    dd if=/dev/zero of="$work/disk" bs=8k count="$count" conv=notrunc oflag=dsync status=none
    took=$((${EPOCHREALTIME/./} - took))
    note "$1" disk write_microseconds "$(awk "BEGIN { printf \"%.1f\", $took / $count }")"
}

# Name and value of what the figures depend on.
machine_facts() {
    printf 'processor\t%s\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
    printf 'processors\t%s\n' "$(nproc)"
    printf 'memory_kib\t%s\n' "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
    printf 'kernel\t%s\n' "$(uname -r)"
    printf 'system\t%s\n' "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)"
    printf 'file_system\t%s\n' "$(stat -f -c %T -- "$work")"
    printf 'load_average_after\t%s\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
    printf 'swift\t%s\n' "$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([^ ]*\).*/\1/p' | head -n 1)"
    printf 'nghttp2\t%s\n' "$(nghttpd --version | sed 's/.*\///')"
    printf 'h2load\t-c %d -m %d, one network thread in each server\n' "$connections" "$in_flight"
    printf 'bombyx_orders\toffers and bids of one lot at one price, half each, without client_order_id\n'
    printf 'pgbench\t%d clients, prepared statements, Unix socket\n' "$clients"
    if [[ $with_nginx -eq 1 ]]; then printf 'nginx\t%s\n' "$("$nginx" -v 2>&1 | sed 's/.*\///')"; fi
    sed 's/ = /\t/; s/^/postgresql_/' "$work/settings.ours"
}
