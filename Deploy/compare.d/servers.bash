# The servers of Deploy/compare: each on a free port or in a socket of its own, each ended by stop_servers. Sourced,
# not run.

# Processes that we started, by what they are.
declare -A running=()
cluster=""

# A port that nobody answers on at the moment.
free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%d' "$port"
            return
        fi
    done
    die "No port is free."
}

# fail WHAT LOG: ends the line of the step and shows what a program said.
fail() {
    printf 'failed\n%s; the last lines of what it said:\n' "$1" >&2
    tail -n 20 -- "$2" >&2 || true
    exit 1
}

# wait_for WHAT LOG COMMAND...: until the command succeeds.
wait_for() {
    local what=$1 said=$2
    shift 2
    for _ in {1..1200}; do
        if "$@" >/dev/null 2>&1; then return; fi
        if [[ -n ${running[$what]-} ]] && ! kill -0 "${running[$what]}" 2>/dev/null; then fail "$what ended" "$said"; fi
        sleep 0.1
    done
    fail "$what was not ready in time" "$said"
}

stop_servers() {
    local what
    for what in "${!running[@]}"; do kill -TERM "${running[$what]}" 2>/dev/null; done
    for what in "${!running[@]}"; do
        for _ in {1..450}; do
            kill -0 "${running[$what]}" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "${running[$what]}" 2>/dev/null
        wait "${running[$what]}" 2>/dev/null
    done
    if [[ -n $cluster ]]; then as_cluster_owner pg_ctl -D "$cluster" -m fast -w stop >/dev/null 2>&1; fi
}

# --- Bombyx ------------------------------------------------------------------------------------------------------------

start_bombyx() {
    # A server for others that outlives this one would be found by DATABASE_URL.
    env -u DATABASE_URL -u BOMBYX_KEY_FILE "$program" serve --state-dir "$work/bombyx" --listen 127.0.0.1:0 \
        --tls-listen 127.0.0.1:0 --rate-limit off --io-threads 1 --streams "$streams" >"$work/serve.log" 2>&1 </dev/null &
    running[bombyx]=$!
    wait_for bombyx "$work/serve.log" test -s "$work/bombyx/serve.json"
    bombyx_http=$(sed -n 's/.*"http" *: *"\([^"]*\)".*/\1/p' "$work/bombyx/serve.json")
    wait_for bombyx "$work/serve.log" curl -fsS --http2-prior-knowledge "http://$bombyx_http/readyz"
}

# --- PostgreSQL --------------------------------------------------------------------------------------------------------

# PostgreSQL refuses to be run by root.
as_cluster_owner() {
    if [[ $EUID -eq 0 ]]; then (cd / && runuser -u postgres -- env "PATH=$PATH" "$@"); else "$@"; fi
}

# A cluster with the very settings of the exchange's own, but for more connections.
start_postgres() {
    local said=$work/postgres.log folder=$work/postgres compression=pglz
    mkdir -m 0711 -- "$folder"
    cp -- "$root/Sources/Postgres/Resources/postgresql.conf" "$folder/postgresql.conf"
    chmod 0644 "$folder/postgresql.conf"
    mkdir -m 0700 -- "$folder/data" "$folder/socket"
    if [[ $EUID -eq 0 ]]; then chown postgres: "$folder/data" "$folder/socket"; fi
    as_cluster_owner initdb -D "$folder/data" -U compare --encoding=UTF8 --locale=C.UTF-8 --data-checksums \
        --auth=trust --no-sync >"$said" 2>&1 || fail "initdb" "$said"
    if as_cluster_owner postgres -D "$folder/data" -C wal_compression -c wal_compression=lz4 >/dev/null 2>&1; then
        compression=lz4
    fi
    # Of the settings that the report compares, the exchange chooses this one at its start.
    as_cluster_owner pg_ctl -D "$folder/data" -l "$folder/data/start.log" -w -t 60 -o \
        "-c config_file=$folder/postgresql.conf -c hba_file=$folder/data/pg_hba.conf \
        -c ident_file=$folder/data/pg_ident.conf -c unix_socket_directories=$folder/socket \
        -c wal_compression=$compression -c max_connections=$((clients + 16))" start >>"$said" 2>&1 ||
        fail "PostgreSQL" "$said"
    cluster=$folder/data
    PGHOST=$folder/socket PGUSER=compare PGDATABASE=postgres PGPORT=5432
    export PGHOST PGUSER PGDATABASE PGPORT
    unset PGSERVICE PGPASSWORD PGOPTIONS PGSSLMODE
    psql -Xq -v ON_ERROR_STOP=1 -f "$here/compare.d/schema.sql" >>"$said" 2>&1 || fail "the tables of pgbench" "$said"
}

# What decides how long a commit takes and what it promises.
durability="SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes',
    'wal_level', 'wal_sync_method', 'wal_compression', 'wal_buffers', 'wal_init_zero', 'wal_writer_flush_after',
    'commit_delay', 'checkpoint_timeout', 'checkpoint_completion_target', 'max_wal_size', 'min_wal_size',
    'shared_buffers', 'data_checksums', 'server_version') ORDER BY name"

# Both clusters promise the same, or nothing is compared.
compare_settings() {
    psql -XAt -F ' = ' -c "$durability" >"$work/settings.theirs"
    env -u PGHOST -u PGUSER -u PGDATABASE -u PGPORT "$program" psql --state-dir "$work/bombyx" -- \
        -XAt -F ' = ' -c "$durability" >"$work/settings.ours"
    [[ -s $work/settings.ours ]] || die "The settings of the exchange's cluster cannot be read."
    diff -u "$work/settings.ours" "$work/settings.theirs" >&2 || die "The two clusters have different settings."
    printf 'Both clusters: %s\n' "$(paste -sd ';' "$work/settings.ours" | sed 's/;/; /g')" | fold -s -w 118
}

check_textbook() {
    local violations
    violations=$(psql -XAt -c 'CHECKPOINT' -f "$here/compare.d/check.sql" | tail -n 1)
    [[ $violations == 0 ]] || die "The textbook's balances do not add up: $violations."
}

# --- Servers that keep nothing -----------------------------------------------------------------------------------------

start_nghttpd() {
    mkdir -- "$work/documents"
    # As an offer of the load on the exchange.
    printf '%s' '{"model":"bombyx/load-7","price_nanoton_per_mtok":"35000000","quantity_lots":5,' \
        '"client_order_id":"0123abcd-16-12345"}' >"$work/offer.json"
    # As many bytes as a short acknowledgement has.
    printf 'x%.0s' {1..81} >"$work/documents/answer"
    nghttpd_port=$(free_port)
    nghttpd -a 127.0.0.1 -d "$work/documents" -n 1 -m "$streams" --no-tls "$nghttpd_port" >"$work/nghttpd.log" 2>&1 &
    running[nghttpd]=$!
    wait_for nghttpd "$work/nghttpd.log" curl -fsS --http2-prior-knowledge "http://127.0.0.1:$nghttpd_port/answer"
    nghttpd_tls_port=$(free_port)
    nghttpd -a 127.0.0.1 -d "$work/documents" -n 1 -m "$streams" "$nghttpd_tls_port" "$work/bombyx/tls-key.pem" \
        "$work/bombyx/tls-certificate.pem" >"$work/nghttpd-tls.log" 2>&1 &
    running[nghttpd_tls]=$!
    wait_for nghttpd_tls "$work/nghttpd-tls.log" curl -fskS --http2 "https://127.0.0.1:$nghttpd_tls_port/answer"
}

# Debian's nginx, from the system if it is there, else unpacked into our folder: installing it would start a server.
find_nginx() {
    begin_step "nginx"
    : >"$log"
    nginx=$(command -v nginx || true)
    if [[ -z $nginx ]]; then
        mkdir -- "$work/packages"
        if [[ $EUID -eq 0 ]]; then chmod 0777 "$work/packages"; fi
        (cd -- "$work/packages" && apt-get -q download nginx) >>"$log" 2>&1 ||
            { as_root apt-get -q update && cd -- "$work/packages" && apt-get -q download nginx; } >>"$log" 2>&1 ||
            fail_step 20
        dpkg-deb -x "$work"/packages/nginx_*.deb "$work/packages" >>"$log" 2>&1 || fail_step 20
        nginx=$work/packages/usr/sbin/nginx
    fi
    if ldd "$nginx" 2>>"$log" | grep 'not found' >>"$log"; then fail_step 20; fi
    end_step
}

start_nginx() {
    nginx_port=$(free_port)
    mkdir -- "$work/nginx"
    sed -e '/^#/d' -e "s|FOLDER|$work/nginx|; s|PORT|$nginx_port|; s|STREAMS|$streams|" \
        -e "s|ANSWER|$(cat "$work/documents/answer")|" "$here/compare.d/nginx.conf" >"$work/nginx/nginx.conf"
    "$nginx" -p "$work/nginx" -e "$work/nginx/nginx.log" -c "$work/nginx/nginx.conf" >"$work/nginx.log" 2>&1 &
    running[nginx]=$!
    wait_for nginx "$work/nginx/nginx.log" curl -fsS --http2-prior-knowledge "http://127.0.0.1:$nginx_port/answer"
}
