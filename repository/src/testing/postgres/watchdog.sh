# Runs a PostgreSQL server until its standard input closes.
#
# The other end of that pipe belongs to the process that uses the server. When that process ends, by whatever signal,
# the kernel closes the pipe and `read` returns. This script then stops the server and removes its directory.
#
# $1 directory   $2 binaries   the rest: the words before a command that run it as another account than root
dir=$1 bin=$2
shift 2

# The owner may have ended when this script writes to it. A Ctrl-C must only stop the owner.
trap '' HUP INT PIPE
# Interrupts `read`, so that the script stops the server and cleans up.
trap : TERM
umask 077
# The programs get relative paths: pg_ctl puts its arguments into a command line of the shell, which would read quotes
# and dollar signs in them.
cd "$dir" || exit
exec 2>>watchdog.log

# The password is sent in clear text over the loopback interface. The hashes of a SCRAM exchange take 25 ms for each
# connection of a client that is built without optimisation.
if "$@" "$bin/initdb" --pgdata=data --username=postgres --pwfile=password \
    --auth=password --encoding=UTF8 --locale=C --no-sync </dev/null >initdb.log 2>&1 &&
    cat settings >>data/postgresql.conf; then
    echo ready
else
    echo failed
fi

# Each line of standard input is a port to try.
while read -r port; do
    echo "port = $port" >>data/postgresql.conf
    if "$@" "$bin/pg_ctl" start --silent --wait --timeout=60 --pgdata=data \
        --log=server.log </dev/null >&2; then
        echo ready
    else
        echo failed
    fi
done

# The files are removed, so the server need not write anything before it stops.
"$@" "$bin/pg_ctl" stop --silent --wait --mode=immediate --pgdata=data </dev/null >&2
cd /
rm -rf "$dir"
