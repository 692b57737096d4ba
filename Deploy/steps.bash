# What Deploy/run and Deploy/test share. Sourced, not run.
#
# A step prints one line: what it does, and the seconds that it took. What its commands say goes into a log,
# of which the end is shown when the step fails.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
logs=$(mktemp -d "${TMPDIR:-/tmp}/bombyx-deploy.XXXXXX")
running_step=""
step_number=0
memory_folder=""

# Longer than any step takes on two slow cores; a step that hangs must end.
step_seconds_max=1500

leave() {
    local status=$?
    trap - EXIT INT TERM HUP
    if [[ -n $running_step ]]; then
        kill -TERM -- "-$running_step" 2>/dev/null || true
        # What does not end when asked nicely ends now: nothing stays behind.
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            kill -0 -- "-$running_step" 2>/dev/null || break
            sleep 0.5
        done
        kill -KILL -- "-$running_step" 2>/dev/null || true
    fi
    if [[ -n $memory_folder ]]; then rm -rf -- "$memory_folder"; fi
    case $status in
        0 | 130 | 143) rm -rf -- "$logs" ;;
        *) rmdir -- "$logs" 2>/dev/null || true ;;
    esac
    exit "$status"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# begin_step WHAT: prints the first half of the line and chooses the log.
begin_step() {
    step_number=$((step_number + 1))
    log="$logs/$step_number.log"
    step_started=$SECONDS
    printf '%-44s ' "$1"
}

end_step() {
    printf '%4d s\n' "$((SECONDS - step_started))"
}

# fail_step [LINES]: ends the line, shows the end of the log and leaves.
fail_step() {
    printf 'failed after %d s\n' "$((SECONDS - step_started))"
    printf '%s\n' "--- the last lines of $log:" >&2
    tail -n "${1:-60}" -- "$log" >&2 || true
    exit 1
}

# run_step WHAT COMMAND...: a command without a terminal, in a process group of its own, so that it can be ended
# with all that it started.
run_step() {
    local status=0
    begin_step "$1"
    shift
    run_in_group "$@" || status=$?
    if [[ $status -ne 0 ]]; then
        if [[ $status -eq 124 ]]; then printf 'The step took longer than %d s.\n' "$step_seconds_max" >>"$log"; fi
        fail_step
    fi
    end_step
}

run_in_group() {
    local status=0
    set -m
    timeout --kill-after=30 "$step_seconds_max" "$@" >"$log" 2>&1 </dev/null &
    running_step=$!
    set +m
    wait "$running_step" || status=$?
    running_step=""
    return "$status"
}

# Lets the tests make their state folders in memory where there is room for them: a server that starts for the first time
# makes a thousand files, which a disk takes seconds for. Elsewhere they make them where they do without this.
use_memory_for_tests() {
    local free memory
    [[ -d /dev/shm && $(stat -f -c %T /dev/shm) == tmpfs ]] || return 0
    # They need 3 GiB, and the build and the programs theirs.
    free=$(df --output=avail -B 1G /dev/shm | tail -n 1)
    memory=$(awk '/^MemAvailable:/ {print int($2 / 1048576)}' /proc/meminfo)
    [[ $free -ge 6 && $memory -ge 12 ]] || return 0
    memory_folder=$(mktemp -d /dev/shm/bombyx-tests.XXXXXX)
    # The user of a test's PostgreSQL has to pass.
    chmod 711 "$memory_folder"
    export BOMBYX_TEST_FOLDER=$memory_folder
}

# Runs a command as root, asking for a password only where somebody can type it.
as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif [[ -t 0 ]]; then
        sudo -- "$@"
    else
        sudo -n -- "$@"
    fi
}

# The folder of the newest PostgreSQL server of version 15 or newer; nothing if there is none.
server_binaries() {
    local folder version newest=0
    for folder in /usr/lib/postgresql/*/bin; do
        version=${folder#/usr/lib/postgresql/}
        version=${version%/bin}
        [[ $version =~ ^[0-9]+$ && $version -ge 15 && -x $folder/postgres && -x $folder/initdb ]] || continue
        if [[ $version -gt $newest ]]; then newest=$version; fi
    done
    if [[ $newest -gt 0 ]]; then printf '/usr/lib/postgresql/%d/bin\n' "$newest"; fi
}

is_installed() {
    [[ $(dpkg-query -W -f '${Status}' -- "$1" 2>/dev/null) == "install ok installed" ]]
}

# Debian makes and starts a cluster of its own with the first server; ours is a private one.
refuse_main_cluster() {
    # shellcheck disable=SC2016  # the script is expanded by the shell that root runs
    as_root sh -c '
        set -eu
        file=/etc/postgresql-common/createcluster.conf
        mkdir -p /etc/postgresql-common
        if [ -f "$file" ]; then sed -i "/^[[:space:]]*create_main_cluster[[:space:]]*=/d" "$file"; fi
        printf "%s\n" "create_main_cluster = false" >>"$file"
    '
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 apt-get -q -y \
        -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold "$@"
}

newest_server_package() {
    apt-cache search --names-only '^postgresql-[0-9]+$' | sed -n 's/^postgresql-\([0-9]*\) .*/\1/p' | sort -n |
        awk '$1 >= 15 { newest = $1 } END { if (newest) print "postgresql-" newest }'
}

# install_packages NAME...: the Debian packages of these names and a PostgreSQL server, as far as they are missing.
install_packages() {
    local name server="" missing=()
    begin_step "Debian packages"
    : >"$log"
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        end_step
        printf '%s\n' "  This is not Debian: $* and PostgreSQL 15 or newer are expected to be there."
        return
    fi
    for name in "$@"; do
        is_installed "$name" || missing+=("$name")
    done
    if [[ -z $(server_binaries) ]]; then server=postgresql; fi
    if [[ ${#missing[@]} -gt 0 || -n $server ]]; then
        if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
            printf 'failed\n'
            if [[ -n $server ]]; then
                missing+=("$(newest_server_package)")
                printf '%s\n' "So that Debian makes no cluster of its own, first write create_main_cluster = false" \
                    "to /etc/postgresql-common/createcluster.conf." >&2
            fi
            die "Packages are missing and there is no sudo. Run as root: apt-get install ${missing[*]}"
        fi
        install_missing "$server" "${missing[@]}" >>"$log" 2>&1 || fail_step 20
    fi
    end_step
}

install_missing() {
    local server=$1
    shift
    apt_get update || return
    if [[ -n $server ]]; then
        server=$(newest_server_package)
        if [[ -z $server ]]; then
            printf 'The package sources have no PostgreSQL server of version 15 or newer.\n'
            return 1
        fi
        refuse_main_cluster || return
        set -- "$@" "$server"
    fi
    apt_get install --no-install-recommends "$@" || return
    if [[ -z $(server_binaries) ]]; then
        printf 'No PostgreSQL server of version 15 or newer is under /usr/lib/postgresql.\n'
        return 1
    fi
}

# Says clearly that the compiler is missing or too old, before anything is built.
need_swift() {
    local version
    command -v swift >/dev/null ||
        die "Swift 6.3 or newer is needed and there is no swift in PATH: https://www.swift.org/install/linux/"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    if [[ ! $version =~ ^[0-9]+\.[0-9]+$ ]] || ((${version%.*} < 6 || (${version%.*} == 6 && ${version#*.} < 3))); then
        die "Swift 6.3 or newer is needed; this is ${version:-an unknown version}: https://www.swift.org/install/linux/"
    fi
}

library_packages=(libpq-dev libssl-dev libnghttp2-dev libsodium-dev libcurl4-openssl-dev pkg-config)

# A Python of our own, so that nothing of the system's is changed.
python=$root/.build/python/bin/python

make_python() {
    [[ -x $python ]] || python3 -m venv "$root/.build/python"
}

# fetch_reference: what /docs is shown with, Swagger UI under the Apache License 2.0, from a wheel whose version and
# SHA-256 are in Deploy/reference.txt. The server finds it beside its own folder.
fetch_reference() {
    local data=$root/.build/data draft bundle
    if cmp -s -- "$root/Deploy/reference.txt" "$data/swagger-ui/reference.txt"; then return; fi
    make_python || return
    draft=$(mktemp -d "$root/.build/reference.XXXXXX") || return
    bundle=drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist
    # What is there already stays until the new one is whole.
    if "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        --dest "$draft" -r "$root/Deploy/reference.txt" &&
        "$python" -m zipfile -e "$draft"/drf_spectacular_sidecar-*.whl "$draft" &&
        cp -- "$root/Deploy/reference.txt" "$draft/$bundle/" &&
        mkdir -p "$data" && rm -rf -- "$data/swagger-ui" && mv -- "$draft/$bundle" "$data/swagger-ui"; then
        rm -rf -- "$draft"
    else
        rm -rf -- "$draft"
        return 1
    fi
}

# What the examples in Python need, at the versions and with the SHA-256 of Deploy/cookbook.txt.
fetch_cookbook() { fetch_python_packages cookbook.txt; }

# Schemathesis, which makes requests from openapi.yaml, and what it needs: Deploy/schemathesis.txt, for Debian's Python.
fetch_schemathesis() { fetch_python_packages schemathesis.txt; }

# fetch_python_packages FILE: a file of Deploy with versions and SHA-256.
fetch_python_packages() {
    make_python &&
        "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
            -r "$root/Deploy/$1"
}

# fetch_contracts: what runs the real code of contracts in the tests, at the versions and with the SHA-256 of
# Deploy/contracts.txt, and the node's emulator of Deploy/emulator.txt. The emulator is a library without Python in it,
# from a wheel for one version of Python: it goes into a folder of its own.
fetch_contracts() {
    local emulator=$root/.build/emulator
    make_python &&
        "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
            -r "$root/Deploy/contracts.txt" || return
    if cmp -s -- "$root/Deploy/emulator.txt" "$emulator/emulator.txt"; then return; fi
    rm -rf -- "$emulator"
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        --target "$emulator" --python-version 3.11 --implementation cp --platform manylinux_2_27_x86_64 \
        -r "$root/Deploy/emulator.txt" &&
        cp -- "$root/Deploy/emulator.txt" "$emulator/"
}
