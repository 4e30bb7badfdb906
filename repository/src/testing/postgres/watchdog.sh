# Runs a PostgreSQL server for as long as its standard input stays open.
#
# The other end of that pipe is held by the process that wants the server. When that process ends,
# by whatever signal, the kernel closes the pipe, `read` returns, and the server and its directory go.
#
# $1 directory   $2 binaries   the rest: what to put in front of a command to leave root
dir=$1 bin=$2
shift 2

# The owner may be gone when an answer is written; a Ctrl-C is meant for the owner.
trap '' HUP INT PIPE
# Interrupts `read`, and so stops the server in order.
trap : TERM
exec 2>>"$dir/watchdog.log"

# The password crosses the loopback interface as it is: a client that is built without optimisation
# takes 25 ms for the hashes of a SCRAM exchange, on each of its connections.
if "$@" "$bin/initdb" --pgdata="$dir/data" --username=postgres --pwfile="$dir/password" \
    --auth=password --encoding=UTF8 --locale=C --no-sync </dev/null >"$dir/initdb.log" 2>&1 &&
    cat "$dir/settings" >>"$dir/data/postgresql.conf"; then
    echo ready
else
    echo failed
fi

# Each line is a port to try.
while read -r port; do
    echo "port = $port" >>"$dir/data/postgresql.conf"
    if "$@" "$bin/pg_ctl" start --silent --wait --timeout=60 --pgdata="$dir/data" \
        --log="$dir/server.log" </dev/null >&2; then
        echo ready
    else
        echo failed
    fi
done

# Nothing of this server is kept, so it need not write anything before it ends.
"$@" "$bin/pg_ctl" stop --silent --wait --mode=immediate --pgdata="$dir/data" </dev/null >&2
rm -rf "$dir"
