# Makes the report of Deploy/compare from lines of round, name, metric, value: a table on the standard output, and JSON
# in the file `json`, with the facts of the file `machine`. `quick` is 1 for a run that measures nothing.

BEGIN { FS = "\t" }

{
    key = $2 SUBSEP $3
    if (!(key in rounds)) order[++keys] = key
    rounds[key]++
    value[key, rounds[key]] = $4 + 0
}

# The values of one metric, sorted, in `sorted`.
function sort_values(key,    i, j, held) {
    for (i = 1; i <= rounds[key]; i++) {
        held = value[key, i]
        for (j = i - 1; j >= 1 && sorted[j] > held; j--) sorted[j + 1] = sorted[j]
        sorted[j + 1] = held
    }
}

# The middle one, the lower of two.
function median(key) {
    sort_values(key)
    return sorted[int((rounds[key] + 1) / 2)]
}

# Adds `name` in each round divided by `other` in the same round.
function ratio(name, metric, other, other_metric, label,    a, b, key, i) {
    a = name SUBSEP metric
    b = other SUBSEP other_metric
    if (!(a in rounds) || !(b in rounds) || rounds[a] != rounds[b]) return
    key = "ratio" SUBSEP label
    for (i = 1; i <= rounds[a]; i++) {
        if (value[b, i] <= 0) return
        value[key, i] = value[a, i] / value[b, i]
    }
    rounds[key] = rounds[a]
    order[++keys] = key
}

function show(number) {
    return number >= 100 ? sprintf("%.0f", number) : sprintf("%.3f", number)
}

# One line of the table, if the figure is a ratio, or if it is none.
function row(key, kind,    part, middle, name) {
    split(key, part, SUBSEP)
    if ((part[1] == "ratio") != (kind == "ratio")) return
    middle = median(key)
    name = part[1] == "ratio" ? part[2] : sprintf("%-28s %s", part[1], part[2])
    printf "%-74s %12s %12s %12s\n", name, show(middle), show(sorted[1]), show(sorted[rounds[key]])
}

function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    gsub(/[\001-\037]/, " ", text)
    return "\"" text "\""
}

END {
    ratio("bombyx", "requests_per_second", "nghttpd", "requests_per_second", "bombyx/nghttpd")
    ratio("bombyx_tls", "requests_per_second", "nghttpd_tls", "requests_per_second", "bombyx_tls/nghttpd_tls")
    ratio("bombyx", "requests_per_second", "nginx", "requests_per_second", "bombyx/nginx")
    ratio("bombyx", "requests_per_second", "pgbench_bare", "requests_per_second", "bombyx/pgbench_bare")
    ratio("bombyx", "requests_per_second", "pgbench_textbook", "requests_per_second", "bombyx/pgbench_textbook")
    ratio("bombyx_sustained", "requests_per_second", "pgbench_bare_sustained", "requests_per_second",
        "bombyx_sustained/pgbench_bare_sustained")
    ratio("bombyx_sustained", "requests_per_second", "pgbench_textbook_sustained", "requests_per_second",
        "bombyx_sustained/pgbench_textbook_sustained")
    ratio("bombyx_sustained", "rows_visible_per_second", "pgbench_textbook_sustained", "requests_per_second",
        "bombyx_sustained_in_the_tables/pgbench_textbook_sustained")
    ratio("bombyx_steady", "requests_per_second", "pgbench_bare_sustained", "requests_per_second",
        "bombyx_steady/pgbench_bare_sustained")
    ratio("bombyx_steady", "requests_per_second", "pgbench_textbook_sustained", "requests_per_second",
        "bombyx_steady/pgbench_textbook_sustained")
    ratio("bombyx_single", "p50_microseconds", "disk", "write_microseconds", "bombyx_single_p50/disk_write")
    ratio("bombyx_single", "p99_microseconds", "disk", "write_microseconds", "bombyx_single_p99/disk_write")
    ratio("pgbench_bare_single", "p50_microseconds", "disk", "write_microseconds", "pgbench_bare_single_p50/disk_write")
    ratio("pgbench_bare_single", "p99_microseconds", "disk", "write_microseconds", "pgbench_bare_single_p99/disk_write")
    ratio("bombyx_single", "p99_microseconds", "nghttpd_single", "p99_microseconds", "bombyx_single_p99/nghttpd_single_p99")

    if (quick) print "A QUICK RUN: it shows that the comparison works; these figures mean nothing."
    printf "\n%-74s %12s %12s %12s\n", "Ratios, each within one round", "median", "least", "most"
    for (i = 1; i <= keys; i++) row(order[i], "ratio")
    printf "\n%-74s %12s %12s %12s\n", "Figures", "median", "least", "most"
    for (i = 1; i <= keys; i++) row(order[i], "")
    print ""
    print "bombyx    durable orders with ids of their own from 1,000 accounts; half rest, half trade; all checked afterwards"
    print "steady    as many of them, arriving at a fixed rate, as the tables keep pace with; half: half of that"
    print "nghttpd   the same number of requests with h2load, a static file for each: nothing is read, decided or kept"
    print "bare      PostgreSQL, one INSERT of an order a transaction: nothing is checked, held, matched or paid"
    print "textbook  PostgreSQL, locked balances, holds, transfers and one fee account; every second order trades, unmatched"
    print "disk      one durable write of 8 kB: the least that a commit can take"
    print ""

    printf "{\"quick\":%s,\"machine\":{", (quick ? "true" : "false") >json
    while ((getline line <machine) > 0) {
        split(line, fact, "\t")
        printf "%s%s:%s", comma, quoted(fact[1]), quoted(fact[2]) >json
        comma = ","
    }
    printf "},\"figures\":[" >json
    comma = ""
    for (i = 1; i <= keys; i++) {
        split(order[i], part, SUBSEP)
        middle = median(order[i])
        printf "%s{\"name\":%s,\"metric\":%s,\"median\":%.3f,\"least\":%.3f,\"most\":%.3f,\"rounds\":[", comma, \
            quoted(part[1] == "ratio" ? part[2] : part[1]), quoted(part[1] == "ratio" ? "ratio" : part[2]), \
            middle, sorted[1], sorted[rounds[order[i]]] >json
        for (j = 1; j <= rounds[order[i]]; j++) printf "%s%.3f", (j > 1 ? "," : ""), value[order[i], j] >json
        printf "]}" >json
        comma = ","
    }
    print "]}" >json
}
