# The loads of Deploy/compare. Each notes what it measured; an answer that is not 2xx ends everything. Sourced, not run.
#
# h2load drives the servers that keep nothing. It sends the same bytes again and again, which is enough for those; an
# exchange would recognize them, so it gets `bombyx load`, which looks at every answer too.

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

# load_bombyx NAME OPTIONS...: every load on the exchange goes through here. Half of the orders rest and half trade, with
# holds, leases and transfers; each has a body and a client_order_id of its own. At its end the load compares what was
# acknowledged with balances, open orders and the invariants in SQL, and fails if anything does not hold. The report is
# in $work/load.json.
load_bombyx() {
    local name=$1
    shift
    timeout --kill-after=10 "$load_seconds_max" "$program" load --state-dir "$work/bombyx" --scenario half \
        --accounts "$accounts" --json - "$@" >"$work/load.json" 2>"$work/load.log" ||
        { jq -c '.checks[]? | select(.holds | not)' "$work/load.json" >>"$work/load.log" && fail "$name" "$work/load.log"; }
    # What it counts as a load's troubles is a failure of a comparison: everything has to be carried out. What an open
    # loop sent late, or could not send before it ended, is in its times.
    [[ $(figure '[.answers[] | select(.status > 299)] == [] and
        ([.losses | .unknown, .refused, .connections, .retries] | add) == 0') == true ]] ||
        fail "$name had requests that were not carried out: $(figure '[.answers, .losses]')" "$work/load.log"
}

# figure FILTER: one value of the report of the last load.
figure() { jq -c "$1" "$work/load.json"; }

# note_load ROUND NAME: what a burst and a sustained load have in common. The processor times include the tables.
note_load() {
    note "$1" "$2" requests_per_second "$(figure '.answered * 1000000 / .elapsed_microseconds')"
    note "$1" "$2" server_cpu_microseconds "$(figure '.processor | .server_microseconds / .requests')"
    note "$1" "$2" database_cpu_microseconds "$(figure '.processor | .database_microseconds / .requests')"
    note "$1" "$2" tables_behind "$(figure .lag_at_end)"
    note "$1" "$2" tables_caught_up_ms "$(figure '.catch_up_microseconds / 1000')"
    # What the tables took: all of it, over the time until they showed all of it.
    note "$1" "$2" rows_visible_per_second \
        "$(figure '.answered * 1000000 / (.elapsed_microseconds + .catch_up_microseconds)')"
}

burst_bombyx() { # ROUND NAME OPTIONS...
    local round=$1 name=$2
    shift 2
    load_bombyx "$name" --connections "$connections" --streams "$in_flight" --requests "$requests" "$@"
    note_load "$round" "$name"
}

sustain_bombyx() { # ROUND NAME
    load_bombyx "$2" --connections "$connections" --streams "$in_flight" --duration "$seconds"
    note_load "$1" "$2"
}

# An open loop. Times count from when an order should have been sent.
arrive_at_bombyx() { # NAME RATE SECONDS
    load_bombyx "$1" --connections "$connections" --streams "$in_flight" --rate "$2" --duration "$3"
    note 1 "$1" requests_per_second "$(figure .requests_per_second)"
    note 1 "$1" tables_behind_ms_max "$(figure '.lag_microseconds_max / 1000')"
    note 1 "$1" p50_microseconds "$(figure .latency.corrected.p50_microseconds)"
    note 1 "$1" p99_microseconds "$(figure .latency.corrected.p99_microseconds)"
    note 1 "$1" p999_microseconds "$(figure .latency.corrected.p999_microseconds)"
}

# noted NAME METRIC: the last value that was noted.
noted() { awk -F '\t' -v name="$1" -v metric="$2" '$2 == name && $3 == metric { value = $4 } END { print value }' "$results"; }

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

single_bombyx() { # ROUND NAME
    load_bombyx "$2" --connections 1 --streams 1 --requests "$singles"
    note "$1" "$2" p50_microseconds "$(figure .latency.from_sending.p50_microseconds)"
    note "$1" "$2" p99_microseconds "$(figure .latency.from_sending.p99_microseconds)"
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
    printf 'h2load\t-n %d -c %d -m %d, one network thread in each server\n' "$requests" "$connections" "$in_flight"
    printf 'bombyx_load\t--scenario half --accounts %d, as many connections and streams as h2load\n' "$accounts"
    printf 'pgbench\t%d clients, prepared statements, Unix socket\n' "$clients"
    if [[ $with_nginx -eq 1 ]]; then printf 'nginx\t%s\n' "$("$nginx" -v 2>&1 | sed 's/.*\///')"; fi
    sed 's/ = /\t/; s/^/postgresql_/' "$work/settings.ours"
}
