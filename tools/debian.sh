#!/bin/sh
# Installs the Debian packages that a make target needs, or prints the one line that would.
# Usage: tools/debian.sh PACKAGE...
#
# No package may leave a service running: policy-rc.d refuses every start while we install,
# and PostgreSQL is told not to create its default cluster.
set -eu

missing=
for package in "$@"; do
    if [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)" != "install ok installed" ]; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    echo "These Debian packages are missing. Install them and run the target again:" >&2
    echo "    sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made_policy=yes
fi
mkdir -p /etc/postgresql-common
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
cleanup() { [ "$made_policy" = no ] || rm -f "$policy"; }
trap cleanup EXIT

echo "Installing Debian packages:$missing"
log=$(mktemp)
# shellcheck disable=SC2086 # a list of package names
if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "The installation failed; the whole output is in $log" >&2
    exit 1
fi
rm -f "$log"
