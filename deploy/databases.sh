#!/bin/sh
# Runs once, when PostgreSQL makes its data: for each service a role and a database that nobody else may enter.
set -eu
for service in $CASEBUS_SERVICES; do
    psql --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres \
        -v ON_ERROR_STOP=1 -v service="$service" -v password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
